"""A zone's plan and its apply, while others change the same zone."""

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from deploys.mail.errors import MailError
from deploys.mail.records import records_for
from deploys.zones.apply import apply
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, fleet, harbor, served
from tests.zones.memory import STORES, MemoryProvider, RecordSets

RECORDS = [record for record in records_for(fleet(), {"mx1"}) if record.name.endswith(HARBOR)]


def provider(zone: RecordSets) -> Provider:
    served(harbor=zone)
    return Provider("memory", MemoryProvider("test", "memory"))


def planned(zone: RecordSets) -> ZonePlan:
    return plan(provider(zone), HARBOR, RECORDS)


def test_the_plan_says_what_changes_and_why() -> None:
    assert [str(change) for change in planned(harbor()).changes] == [
        "+ A mx1.harbor.example 198.51.100.11  (address of the mail host mx1)",
        "+ AAAA mx1.harbor.example 2001:db8:51::11  (address of the mail host mx1)",
        '+ TXT mx1.harbor.example "v=spf1 a -all"  (SPF: only mx1 says HELO with its name)',
        "+ MX harbor.example 10 mx1.harbor.example.  (the mail hosts of harbor.example)",
        (
            '~ TXT harbor.example "v=spf1 include:_spf.faraway.example ~all" -> '
            '"v=spf1 mx include:_spf.faraway.example ~all"  (SPF: the MX hosts may send its mail; '
            "lookups not counted, without an answer: _spf.faraway.example)"
        ),
        '+ TXT _dmarc.harbor.example "v=DMARC1; p=none"  (DMARC: the policy for forged mail)',
    ]


def test_the_plan_goes_into_json() -> None:
    assert json.loads(json.dumps([asdict(change) for change in planned(harbor()).changes]))[3] == {
        "name": HARBOR,
        "type": "MX",
        "existing": None,
        "desired": {"ttl": 3600, "values": ["10 mx1.harbor.example."]},
        "why": "the mail hosts of harbor.example",
        "brief": "",
    }


def test_planning_reads_once_and_writes_nothing() -> None:
    zone = harbor()
    result = planned(zone)

    assert result.provider.octodns.calls == ["read"]
    assert zone == harbor()


def test_apply_adds_our_records_and_changes_no_others() -> None:
    zone = harbor()

    assert apply(planned(zone)) == 6
    assert zone == harbor() | {
        ("mx1.harbor.example", "A"): (3600, ("198.51.100.11",)),
        ("mx1.harbor.example", "AAAA"): (3600, ("2001:db8:51::11",)),
        ("mx1.harbor.example", "TXT"): (3600, ('"v=spf1 a -all"',)),
        (HARBOR, "MX"): (3600, ("10 mx1.harbor.example.",)),
        (HARBOR, "TXT"): (
            300,
            ('"site-verification=1f3a"', '"v=spf1 mx include:_spf.faraway.example ~all"'),
        ),
        ("_dmarc.harbor.example", "TXT"): (3600, ('"v=DMARC1; p=none"',)),
    }


def test_the_second_plan_is_empty_and_its_apply_requests_nothing() -> None:
    zone = harbor()
    apply(planned(zone))
    second = planned(zone)

    assert second.changes == ()
    assert apply(second) == 0
    assert second.provider.octodns.calls == ["read"]


def test_an_existing_record_set_keeps_its_ttl_and_a_new_one_gets_the_setting() -> None:
    theirs: RecordSets = {
        (HARBOR, "MX"): (60, ("10 mx1.harbor.example.",)),
        (HARBOR, "TXT"): (60, ('"v=spf1 include:spf.faraway.example ~all"',)),
        ("mx1.harbor.example", "A"): (60, ("198.51.100.11",)),
    }
    zone = harbor() | theirs
    plan = planned(zone)
    apply(plan)

    changes = {(c.name, c.type): str(c) for c in plan.changes}
    assert (HARBOR, "MX") not in changes
    assert ("mx1.harbor.example", "A") not in changes
    assert not any("ttl" in line for line in changes.values())
    assert {zone[key][0] for key in theirs} == {60}
    assert zone["mx1.harbor.example", "AAAA"][0] == 3600


def test_a_replaced_value_keeps_the_ttl_of_its_record_set() -> None:
    mx = ("10 mx1.harbor.example.", "20 mx.faraway.example.")
    zone = harbor() | {(HARBOR, "MX"): (60, mx[1:])}
    apply(planned(zone))

    assert zone[HARBOR, "MX"] == (60, mx)


def test_odd_values_of_others_survive_in_a_shared_record_set() -> None:
    odd = ('"a\\"b"', '"x; y;z"', f'"{"k" * 255}" "{"k" * 99}"', '""', '"back\\\\slash"')
    zone = harbor() | {(HARBOR, "TXT"): (300, odd)}

    apply(planned(zone))

    assert set(zone[HARBOR, "TXT"][1]) == {*odd, '"v=spf1 mx ~all"'}


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (
            {("mx1.harbor.example", "CNAME"): (300, ("www.harbor.example.",))},
            "mx1.harbor.example needs a record of type A, but the name is a CNAME, which",
        ),
        (
            {("mx1.harbor.example", "NS"): (300, ("ns.faraway.example.",))},
            "but mx1.harbor.example is a delegated zone",
        ),
        (
            {("mx1.harbor.example", "A"): (300, ("198.51.100.80",))},
            "mx1.harbor.example has the A 198.51.100.80, which is not in the host's mail_addresses",
        ),
        ({(HARBOR, "MX"): (300, ("0 .",))}, "harbor.example has a null MX"),
    ],
)
def test_a_conflict_is_named_and_nothing_is_written(zone: RecordSets, words: str) -> None:
    before = harbor() | zone
    after = dict(before)

    with pytest.raises(MailError) as error:
        planned(after)

    assert words in str(error.value)
    assert after == before


def test_a_dmarc_policy_behind_a_cname_is_left_there() -> None:
    zone = harbor() | {("_dmarc.harbor.example", "CNAME"): (300, ("d.faraway.example.",))}

    assert not [change for change in planned(zone).changes if change.name.startswith("_dmarc")]


def test_an_unsupported_type_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryProvider, "SUPPORTS", {"A", "TXT"})

    with pytest.raises(MailError, match="type AAAA, which memory does not support"):
        planned(harbor())


def test_a_missing_zone_is_never_created() -> None:
    served()

    with pytest.raises(MailError, match=r"harbor\.example: memory has no zone for it; create it"):
        plan(Provider("memory", MemoryProvider("test", "memory")), HARBOR, RECORDS)
    assert STORES["memory"] == {}


Edit = Callable[[RecordSets], object]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            lambda zone: zone.update({("new.harbor.example", "A"): (300, ("198.51.100.1",))}),
            "A new",
        ),
        (lambda zone: zone.pop(("www.harbor.example", "A")), "A www"),
        (lambda zone: zone.update({(HARBOR, "TXT"): (300, ('"third=1"',))}), "TXT harbor.example"),
        (lambda zone: zone.update({(HARBOR, "MX"): (300, ("5 mx.faraway.example.",))}), "MX harb"),
    ],
)
def test_an_edit_between_plan_and_apply_stops_the_apply_and_survives(
    edit: Edit, words: str
) -> None:
    zone = harbor()
    result = planned(zone)
    edit(zone)
    edited = dict(zone)

    with pytest.raises(MailError) as error:
        apply(result)

    assert f"harbor.example: somebody else changed {words}" in str(error.value)
    assert "nothing was written" in str(error.value)
    assert zone == edited


def test_somebody_else_doing_the_same_is_no_conflict() -> None:
    zone = harbor()
    first, second = planned(zone), planned(zone)
    apply(first)

    assert apply(second) == 0


def on_write(result: ZonePlan, edit: Callable[[], object]) -> None:
    octodns = result.provider.octodns
    octodns.interrupt = lambda call: edit() if call == "write" else None


def test_a_record_lost_during_the_write_is_reported_with_its_values() -> None:
    zone = harbor()
    result = planned(zone)
    on_write(result, lambda: zone.pop(("www.harbor.example", "A")))

    with pytest.raises(
        MailError, match=r"A www\.harbor\.example changed .* set it to 198\.51\.100\.80"
    ):
        apply(result)


def test_a_provider_that_does_not_store_a_change_is_reported() -> None:
    zone = harbor()
    result = planned(zone)
    octodns = result.provider.octodns
    octodns.interrupt = lambda _: octodns.calls.count("write") and zone.pop((HARBOR, "MX"), None)

    with pytest.raises(MailError, match=r"memory accepted MX harbor\.example without an error"):
        apply(result)
