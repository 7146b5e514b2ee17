"""DMARC policies in plans of zones: what a name above asks for already, and what others wrote."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploys.dns.lookups import no_lookup
from deploys.mail.records import records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.spf_evaluation import SpfLookup
from deploys.zones.apply import apply
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, harbor, host
from tests.zones.memory import STORES, MemoryProvider, RecordSets

SUB = "sub.harbor.example"
ABOVE, BELOW = ("_dmarc.harbor.example", "TXT"), (f"_dmarc.{SUB}", "TXT")
WEB: RecordSets = {(SUB, "A"): (300, ("198.51.100.80",))}
NONE, REJECT = '"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    STORES.clear()


def planned(
    held: RecordSets, name: str = HARBOR, lookup: SpfLookup = no_lookup, **data: Any
) -> ZonePlan:
    """Plan the records of both domains, or of the one in a zone of its own."""
    STORES["memory"] = {name: held}
    domains = [HARBOR, SUB] if name == HARBOR else [SUB]
    fleet = fleet_from({"mx1": host(1, HARBOR, **data) | {"mail_domains": domains}}, {})
    records = [
        record
        for record in records_for(fleet, ["mx1"])
        if f".{record.name}".endswith(f".{name}") and record.type != "PTR"
    ]
    return plan(Provider("memory", MemoryProvider("test", "memory")), name, records, lookup=lookup)


def published(held: RecordSets, **data: Any) -> tuple[str, ...]:
    """Return the TXT values at the name below after a run; a second one changes none of them."""
    apply(planned(held, **data))
    assert BELOW[0] not in {change.name for change in planned(held, **data).changes}
    return held.get(BELOW, (0, ()))[1]


@pytest.mark.parametrize(
    ("above", "asked", "below"),
    [
        (NONE, "none", (NONE,)),
        (REJECT, "none", ()),
        (REJECT, "quarantine", ()),
        (REJECT, "reject", (REJECT,)),
        ('"V = DMARC1; sp=reject; p=none"', "none", ()),
        ('"v=DMARC1; p=none; sp=quarantine"', "none", ()),
        ('"v=DMARC1; p=none; sp=quarantine"', "reject", (REJECT,)),
        ('"v=DMARC1; p=reject; sp=none"', "none", (NONE,)),
        ('"v=DMARC1; p=quarantine; t=y"', "none", (NONE,)),
        ('"v=DMARC1; p=reject; t=y"', "none", ()),
        ('"v=DMARC1; p=reject; t=y"', "quarantine", ('"v=DMARC1; p=quarantine"',)),
        ('"v=DMARC1; p=none; np=reject"', "none", (NONE,)),  # the name exists
        ('"v=DMARC1; p=block; rua=mailto:a@b.example"', "none", (NONE,)),
        ('"v=dmarc1; p=reject"', "none", (NONE,)),
        ('"p=reject; v=DMARC1"', "none", (NONE,)),
    ],
)
def test_a_new_policy_asks_for_no_less_than_one_above(
    above: str, asked: str, below: tuple[str, ...]
) -> None:
    held = harbor() | WEB | {ABOVE: (300, (above,))}

    assert published(held, mail_dmarc=asked) == below


def test_a_policy_that_is_left_out_is_named_with_its_reports() -> None:
    held = harbor() | WEB | {ABOVE: (300, ('"v=DMARC1; p=none; sp=reject"',))}
    result = planned(held, mail_dmarc_reports=["d@harbor.example"])

    assert (
        f"TXT _dmarc.{SUB}: _dmarc.harbor.example asks for reject here already, which a policy "
        "with p=none would lower; set mail_dmarc = 'reject' to publish one; "
        "mailto:d@harbor.example gets no reports, add it there"
    ) in result.notes


@pytest.mark.parametrize("below", ["none", "quarantine"])
def test_a_name_that_does_not_exist_yet_keeps_the_policy_of_such_names(below: str) -> None:
    held = harbor() | {ABOVE: (300, (f'"v=DMARC1; p=none; sp={below}; np=reject"',))}
    result = planned(held, mail_dmarc_reports=["d@harbor.example"])
    (change,) = (one for one in result.changes if one.name == BELOW[0])

    assert change.desired
    assert change.desired.values == ('"v=DMARC1; p=reject; rua=mailto:d@harbor.example"',)
    assert "_dmarc.harbor.example has np=reject for names that do not exist" in change.why
    assert published(held) == ('"v=DMARC1; p=reject"',)


def test_the_apex_of_a_zone_exists_whatever_the_provider_shows() -> None:
    held: RecordSets = {(f"www.{SUB}", "A"): (300, ("198.51.100.80",))}
    above = ("v=DMARC1; p=none; np=reject",)

    apply(planned(held, SUB, lambda name, _: above if name == ABOVE[0] else ()))

    assert held[BELOW][1] == (NONE,)


@pytest.mark.parametrize("own", [NONE, '"v=DMARC1; p=none; rua=mailto:x@b.example"'])
def test_a_policy_of_its_own_stays_below_a_stricter_one(own: str) -> None:
    held = harbor() | WEB | {ABOVE: (300, (REJECT,)), BELOW: (60, (own,))}

    assert published(held) == (own,)


@pytest.mark.parametrize(
    ("above", "below"), [((), (NONE,)), (("v=DMARC1; p=reject",), ()), (("a=1",), (NONE,))]
)
def test_the_policy_above_a_zone_is_looked_up(above: tuple[str, ...], below: tuple[str]) -> None:
    asked: list[str] = []

    def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
        asked.append(f"{record_type} {name}")
        return above

    held: RecordSets = {(SUB, "NS"): (3600, ("ns.nic.example.",))}
    apply(planned(held, SUB, lookup))

    assert held.get(BELOW, (0, ()))[1] == below
    # The resolver would remember that the name of our own policy does not exist.
    assert "TXT _dmarc.harbor.example" in asked
    assert f"TXT _dmarc.{SUB}" not in asked


def test_a_policy_above_a_zone_that_cannot_be_looked_up_is_named() -> None:
    held: RecordSets = {(SUB, "NS"): (3600, ("ns.nic.example.",))}
    (change,) = (one for one in planned(held, SUB).changes if one.name == BELOW[0])

    assert change.why.endswith(
        "the policy at _dmarc.harbor.example is not known, and may ask for more than this one"
    )


def test_a_policy_above_that_is_a_cname_is_looked_up() -> None:
    held = harbor() | WEB | {(ABOVE[0], "CNAME"): (300, ("them.faraway.example.",))}

    result = planned(held, lookup=lambda *_: ("v=DMARC1; p=reject",))

    assert not {ABOVE[0], BELOW[0]} & {change.name for change in result.changes}


THEIRS = "mailto:a@b.example mailto:c@b.example"


@pytest.mark.parametrize(
    ("rua", "note"),
    [
        (
            f"; rua={THEIRS}",
            (
                f"rua={THEIRS}, of which receivers cannot read all, stays as its owner wrote it, "
                "so mailto:d@harbor.example gets no reports; add it there by hand"
            ),
        ),
        (
            "; rua=mailto:a@b.example",
            (
                "rua=mailto:a@b.example stays as its owner wrote it, so mailto:d@harbor.example "
                "gets no reports; add it there by hand"
            ),
        ),
    ],
)
def test_reports_that_cannot_be_added_are_named_and_nothing_is_written(rua: str, note: str) -> None:
    held = harbor() | {ABOVE: (300, (f'"v=DMARC1; p=none{rua}"',))}
    result = planned(held, mail_dmarc_reports=["d@harbor.example"])

    assert f"TXT _dmarc.harbor.example: {note}" in result.notes
    assert ABOVE[0] not in {change.name for change in result.changes}


@pytest.mark.parametrize("name", ["_dmarc.harbor.example", "_smtp._tls.harbor.example"])
def test_reports_by_a_name_that_is_a_cname_are_named(name: str) -> None:
    held = harbor() | WEB | {(name, "CNAME"): (300, ("them.faraway.example.",))}
    wanted = {"_dmarc": "mail_dmarc_reports", "_smtp": "mail_tls_rpt"}[name.partition(".")[0]]

    assert not any(name in note for note in planned(held).notes)
    note = f"mailto:d@harbor.example gets no reports by {name}: the name is a CNAME, which allows"
    given: Any = {wanted: ["d@harbor.example"]}
    assert any(one.startswith(note) for one in planned(held, **given).notes)
