"""Marks of a run, and the deletion of stale records, in zones that others use too."""

from collections.abc import Callable

import pytest

from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.model import Fleet
from deploys.zones.apply import apply
from deploys.zones.orphans import orphan_plans
from deploys.zones.ownership.ownership import STALE
from deploys.zones.ownership.scope import PlanScope
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.scenario import facts_of_hosts, fleet_of, planned, published, run_scenario

REGISTRY = (f"_pyinfra-mail.{HARBOR}", "TXT")
BOTH, ONE = fleet_of(HARBOR, 1, 2), fleet_of(HARBOR, 1)


def provider(zone: RecordSets) -> Provider:
    served(harbor=zone)
    return Provider("memory", MemoryProvider("test", "memory"))


def with_both() -> tuple[RecordSets, Provider]:
    """A zone in which both hosts are published."""
    zone = harbor()
    source = provider(zone)
    published(source, HARBOR, BOTH)
    return zone, source


def lines(result: ZonePlan) -> list[str]:
    return [str(change) for change in result.changes]


def test_a_zone_is_unchanged_after_its_mail_has_left() -> None:
    zone = harbor()

    run_scenario(provider(zone), HARBOR, lambda: dict(zone))


def test_created_records_are_marked_and_existing_ones_are_not() -> None:
    zone = harbor() | {("mx1.harbor.example", "A"): (300, ("198.51.100.11",))}
    source = provider(zone)
    published(source, HARBOR, ONE)

    marks = [text.strip('"').rpartition(" ")[0] for text in zone[REGISTRY][1]]
    (tag,) = {mark.split()[0] for mark in marks}
    assert sorted(mark.removeprefix(f"{tag} ") for mark in marks) == [
        "AAAA mx1",
        "MX @",
        "SPF @",
        "SPF mx1 64244699",
        "TXT _dmarc",
        "TXT mx1-ed25519._domainkey",
        "TXT mx1-ed25519._domainkey.mx1",
        "TXT mx1-rsa._domainkey",
        "TXT mx1-rsa._domainkey.mx1",
        "host",
    ]


def test_records_of_a_host_that_leaves_are_deleted_and_the_plan_says_so() -> None:
    _, source = with_both()
    shown = lines(planned(source, HARBOR, ONE))

    assert shown[0].startswith("~ MX harbor.example without 10 mx2.harbor.example.  (the mail")
    assert shown[1:3] == [
        f"- A mx2.harbor.example 198.51.100.12  ({STALE})",
        f"- AAAA mx2.harbor.example 2001:db8:51::12  ({STALE})",
    ]
    assert (
        sum(line.startswith("- TXT mx2-") and line.endswith(f"  ({STALE})") for line in shown) == 4
    )
    assert shown[-1] == "~ TXT _pyinfra-mail.harbor.example 10 marks  (which record sets are ours)"
    assert len(shown) == 9


Edit = Callable[[RecordSets], object]
MX2 = ("mx2.harbor.example", "A")


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        pytest.param(
            lambda zone: zone.update({MX2: (3600, ("203.0.113.12",))}),
            {MX2: (3600, ("203.0.113.12",))},
            id="an address that was changed",
        ),
        pytest.param(
            lambda zone: zone.update({MX2: (3600, ("198.51.100.12", "203.0.113.12"))}),
            {MX2: (3600, ("203.0.113.12",))},
            id="an address that was put beside ours",
        ),
        pytest.param(
            lambda zone: zone.update(
                {(HARBOR, "MX"): (3600, ("10 mx1.harbor.example.", "20 mx2.harbor.example."))}
            ),
            {(HARBOR, "MX"): (3600, ("10 mx1.harbor.example.", "20 mx2.harbor.example."))},
            id="a preference that was changed",
        ),
        pytest.param(
            lambda zone: zone.update({("_x.mx2.harbor.example", "TXT"): (60, ('"x"',))}),
            {("_x.mx2.harbor.example", "TXT"): (60, ('"x"',))},
            id="a record below our name",
        ),
    ],
)
def test_a_record_that_somebody_has_changed_stays(edit: Edit, left: RecordSets) -> None:
    zone, source = with_both()
    edit(zone)
    apply(planned(source, HARBOR, ONE))

    assert {key: zone[key] for key in left} == left
    assert planned(source, HARBOR, ONE).changes == ()


def test_a_changed_record_is_reported_once() -> None:
    zone, source = with_both()
    zone[MX2] = (3600, ("203.0.113.12",))
    first = planned(source, HARBOR, ONE)
    apply(first)

    assert first.notes == (
        (
            "harbor.example: the inventory needs A mx2.harbor.example no longer, but somebody has "
            "changed it since we wrote it, so it stays"
        ),
    )
    assert planned(source, HARBOR, ONE).notes == ()


SHARED = '"v=spf1 mx include:_spf.faraway.example ~all"'


@pytest.mark.parametrize(
    ("before", "edited", "after"),
    [
        pytest.param(None, None, None, id="a policy that is all ours goes"),
        pytest.param(
            '"v=spf1 include:_spf.faraway.example ~all"',
            None,
            '"v=spf1 include:_spf.faraway.example ~all"',
            id="of a shared one all that is not ours stays",
        ),
        pytest.param(
            None,
            '"v=spf1 mx a:shop.harbor.example ~all"',
            '"v=spf1 a:shop.harbor.example ~all"',
            id="what joined ours stays, and what is said of everybody else",
        ),
        pytest.param(None, '"v=spf1 -all"', '"v=spf1 -all"', id="what took its place stays"),
        pytest.param('"v=spf1 mx -all"', None, '"v=spf1 mx -all"', id="what was right stays"),
    ],
)
def test_terms_of_a_domain_that_leaves_are_removed_from_the_policy(
    before: str | None, edited: str | None, after: str | None
) -> None:
    zone: RecordSets = {(HARBOR, "NS"): (3600, ("ns.nic.example.",))}
    if before:
        zone[HARBOR, "TXT"] = (300, (before,))
    source = provider(zone)
    published(source, HARBOR, ONE)
    if edited:
        zone[HARBOR, "TXT"] = (300, (edited,))
    apply(planned(source, HARBOR, fleet_of(HARBOR, 1, domains=[])))

    assert zone.get((HARBOR, "TXT"), (300, (None,)))[1] == (after,)
    assert (f"_dmarc.{HARBOR}", "TXT") not in zone
    assert ("mx1.harbor.example", "A") in zone


def test_records_of_ours_follow_the_settings() -> None:
    zone, source = with_both()
    moved = ONE.hosts[0].model_copy(update={"addresses": BOTH.hosts[1].addresses[:1]})
    apply(planned(source, HARBOR, Fleet(hosts=(moved,))))

    assert zone["mx1.harbor.example", "A"] == (3600, ("198.51.100.12",))
    assert ("mx1.harbor.example", "AAAA") not in zone


@pytest.mark.parametrize(
    ("ready", "facts"),
    [
        pytest.param({"mx1"}, facts_of_hosts("mx1"), id="a host is out of the run"),
        pytest.param({"mx1", "mx2"}, facts_of_hosts("mx1"), id="a host reports nothing"),
    ],
)
def test_nothing_is_deleted_unless_every_host_has_reported(
    ready: set[str], facts: dict[str, HostFacts]
) -> None:
    zone, source = with_both()
    before = dict(zone)
    records = records_for(BOTH, ready, facts)
    own = [record for record in records if record.name.endswith(HARBOR)]

    assert apply(plan(source, HARBOR, own, PlanScope.of(BOTH, facts, records))) == 0
    assert zone == before


def test_nothing_is_deleted_at_names_whose_records_are_not_known_yet() -> None:
    _, source = with_both()
    result = planned(source, HARBOR, ONE, frozenset({"mx2.harbor.example"}))

    assert not [line for line in lines(result) if "A mx2" in line]
    assert [line for line in lines(result) if line.startswith("- TXT mx2-rsa")]


def test_nothing_is_deleted_without_a_mark() -> None:
    zone, source = with_both()
    del zone[REGISTRY]
    result = planned(source, HARBOR, ONE)

    assert not [line for line in lines(result) if line.startswith("-")]


def test_records_of_another_fleet_in_the_zone_stay() -> None:
    zone, source = with_both()
    other = fleet_of(HARBOR, 3, domains=[])
    published(source, HARBOR, other)

    assert planned(source, HARBOR, BOTH).changes == ()
    for left in orphan_plans(source, HARBOR, PlanScope(("mx3.harbor.example",), whole=True)):
        apply(left)
    assert not any("mx3" in name for name, _ in zone)
    assert planned(source, HARBOR, BOTH).changes == ()


def test_a_zone_written_by_a_version_without_a_registry_is_adopted() -> None:
    zone, source = with_both()
    marks = zone.pop(REGISTRY)
    adopting = planned(source, HARBOR, BOTH)

    assert lines(adopting) == [
        (
            "+ TXT _pyinfra-mail.harbor.example 16 marks  "
            "(which record sets are ours, as they are exactly what we would write)"
        )
    ]
    apply(adopting)
    # Of the policy only what we would have written alone is known to be ours.
    assert set(zone[REGISTRY][1]) == {mark for mark in marks[1] if " SPF @ " not in mark}


def test_a_host_that_returns_alone_does_not_adopt_records_of_the_others() -> None:
    zone, source = with_both()
    published(source, HARBOR, fleet_of(HARBOR, 2))
    beside = ONE.hosts[0].model_copy(update={"mx_beside": ("mx2.harbor.example",)})
    published(source, HARBOR, ONE.model_copy(update={"hosts": (beside,)}))

    assert ("mx2.harbor.example", "A") in zone


def test_a_new_preference_replaces_ours_and_the_server_of_others_stays() -> None:
    zone = harbor()
    theirs = "10 mx.faraway.example."
    zone[HARBOR, "MX"] = (300, (theirs,))
    source = provider(zone)

    def mx(preference: int | None) -> tuple[str, ...]:
        host = ONE.hosts[0].model_copy(update={"mx": {"*": preference}})
        published(source, HARBOR, ONE.model_copy(update={"hosts": (host,)}))
        return zone[HARBOR, "MX"][1]

    assert set(mx(20)) == {theirs, "20 mx1.harbor.example."}
    assert set(mx(5)) == {theirs, "5 mx1.harbor.example."}
    with pytest.raises(MailError, match="with the same preference as ours"):
        mx(10)
    assert set(zone[HARBOR, "MX"][1]) == {theirs, "5 mx1.harbor.example."}


def test_records_that_another_fleet_has_adopted_are_theirs() -> None:
    zone = harbor()
    source = provider(zone)
    published(source, HARBOR, fleet_of(HARBOR, 1, 2, 3))
    published(source, HARBOR, fleet_of(HARBOR, 3))
    published(source, HARBOR, BOTH)

    assert ("mx3.harbor.example", "A") in zone
    assert len([text for text in zone[REGISTRY][1] if " A mx3 " in text]) == 1


def test_a_zone_filled_by_hand_is_not_adopted() -> None:
    zone, source = with_both()
    del zone[REGISTRY]
    zone["_dmarc.harbor.example", "TXT"] = (60, ('"x=1"',))
    apply(planned(source, HARBOR, BOTH))

    assert [text.split()[1] for text in zone[REGISTRY][1] if " host " not in text] == ["TXT"]


def test_half_a_zone_is_refused() -> None:
    zone, source = with_both()
    for key in list(zone):
        if key != REGISTRY and "mx" in key[0]:
            del zone[key]
    before = dict(zone)

    with pytest.raises(MailError, match=r"returns 3 of 17 record sets .* may be half of the zone"):
        planned(source, HARBOR, BOTH)
    assert zone == before
