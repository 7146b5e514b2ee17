"""TTLs: those of existing record sets stay, and a provider's minimum is respected and reported."""

import pytest

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.apply import apply
from deploys.zones.model.changes import RecordChange, RecordSet
from deploys.zones.plan import plan
from deploys.zones.providers.loader import load
from tests.zones.configurations import configured, given, reached
from tests.zones.fleets import HARBOR, harbor
from tests.zones.memory import RecordSets
from tests.zones.scenario import run_scenario
from tests.zones.stand_ins import DesecApi

pytestmark = pytest.mark.filterwarnings("ignore:.Record.rrs:DeprecationWarning")  # octodns-desec

TLSA = MailRecord(f"_25._tcp.mx1.{HARBOR}", "TLSA", ("3 1 1 " + "ab" * 32,), 300, "its TLS keys")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> RecordSets:
    """The zone at deSEC, where everything has a TTL of 3600."""
    given(monkeypatch)
    zone: RecordSets = {key: (3600, values) for key, (_, values) in harbor().items()}
    reached(monkeypatch, DesecApi(zone))
    return zone


def test_a_tlsa_set_gets_the_minimum_of_the_provider_and_the_plan_says_so(
    held: RecordSets,
) -> None:
    planned = plan(load(configured("desec")), HARBOR, [TLSA])
    apply(planned)

    assert held[TLSA.name, "TLSA"][0] == 3600
    (note,) = planned.notes
    assert note == (
        "desec allows no TTL below 3600 s, so these get it: TLSA _25._tcp.mx1.harbor.example (300 "
        "s)"
    )
    again = plan(load(configured("desec")), HARBOR, [TLSA])
    assert (again.changes, again.notes) == ((), ())


@pytest.mark.parametrize(("minimum", "ttl"), [(60, 300), (7200, 7200)])
def test_the_minimum_that_the_provider_tells_for_a_zone_is_used(
    minimum: int, ttl: int, held: RecordSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DesecApi, "minimum", minimum)
    provider = load(configured("desec"))
    assert provider.zone_names(HARBOR) == frozenset({HARBOR})
    apply(plan(provider, HARBOR, [TLSA]))

    assert held[TLSA.name, "TLSA"][0] == ttl


def test_a_ttl_above_the_minimum_is_neither_changed_nor_mentioned(held: RecordSets) -> None:
    record = MailRecord(HARBOR, "MX", ("10 mx1.harbor.example.",), 7200, "who receives mail")
    planned = plan(load(configured("desec")), HARBOR, [record])
    apply(planned)

    assert held[HARBOR, "MX"][0] == 7200
    assert planned.notes == ()


def test_a_zone_of_desec_is_published_restored_and_left(held: RecordSets) -> None:
    run_scenario(load(configured("desec")), HARBOR, lambda: dict(held))


def test_a_refusal_has_the_reason_of_the_api(
    held: RecordSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(held)
    monkeypatch.setattr(DesecApi, "minimum", 86400)
    planned = plan(load(configured("desec")), HARBOR, [TLSA])

    with pytest.raises(MailError) as error:
        apply(planned)

    assert str(error.value) == (
        "harbor.example: desec answers with HTTP status 400: ttl: Ensure this value is greater "
        "than or equal to 86400; nothing was written"
    )
    assert held == before


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (RecordSet(300, ("a",)), RecordSet(3600, ("b",)), "a -> b, ttl 300 -> 3600"),
        (RecordSet(300, ("a",)), RecordSet(3600, ("a", "b")), "b, ttl 300 -> 3600"),
        (RecordSet(300, ("a", "b")), RecordSet(3600, ("a",)), "without b, ttl 300 -> 3600"),
        (RecordSet(300, ("a",)), RecordSet(3600, ("a",)), "ttl 300 -> 3600"),
        (RecordSet(300, ("a",)), RecordSet(300, ("b",)), "a -> b"),
        (RecordSet(300, ("a", "b")), RecordSet(300, ("a",)), "without b"),
        (None, RecordSet(300, ("a",)), "a"),
        (RecordSet(300, ("a",)), None, "a"),
    ],
)
def test_a_changed_ttl_is_shown_beside_the_values(
    before: RecordSet | None, after: RecordSet | None, shown: str
) -> None:
    line = str(RecordChange(HARBOR, "A", before, after, "why"))

    assert line.partition(f"A {HARBOR} ")[2] == f"{shown}  (why)"
