"""A zone's plan and its apply, with other people at work in the same zone."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploys.mail import spf
from deploys.mail.errors import MailError
from deploys.mail.records import records_for
from deploys.zones.applying import apply
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.provider import Provider
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
        "+ A mx1.harbor.example 198.51.100.11  (where the mail host mx1 is)",
        "+ AAAA mx1.harbor.example 2001:db8:51::11  (where the mail host mx1 is)",
        "+ MX harbor.example 10 mx1.harbor.example.  (who receives mail for harbor.example)",
        (
            '~ TXT harbor.example "v=spf1 include:_spf.faraway.example ~all" -> '
            '"v=spf1 mx include:_spf.faraway.example ~all"  (SPF: the MX hosts may send its mail)'
        ),
        '+ TXT _dmarc.harbor.example "v=DMARC1; p=none"  (DMARC: what to do with forged mail)',
    ]


def test_the_plan_goes_into_json() -> None:
    assert json.loads(json.dumps([asdict(change) for change in planned(harbor()).changes]))[2] == {
        "name": HARBOR,
        "type": "MX",
        "existing": None,
        "desired": {"ttl": 3600, "values": ["10 mx1.harbor.example."]},
        "why": "who receives mail for harbor.example",
        "brief": "",
    }


def test_planning_reads_once_and_writes_nothing() -> None:
    zone = harbor()
    result = planned(zone)

    assert result.provider.octodns.calls == ["read"]
    assert zone == harbor()


def test_applying_adds_ours_and_leaves_all_else_as_it_was() -> None:
    zone = harbor()

    assert apply(planned(zone)) == 5
    assert zone == harbor() | {
        ("mx1.harbor.example", "A"): (3600, ("198.51.100.11",)),
        ("mx1.harbor.example", "AAAA"): (3600, ("2001:db8:51::11",)),
        (HARBOR, "MX"): (3600, ("10 mx1.harbor.example.",)),
        (HARBOR, "TXT"): (
            300,
            ('"site-verification=1f3a"', '"v=spf1 mx include:_spf.faraway.example ~all"'),
        ),
        ("_dmarc.harbor.example", "TXT"): (3600, ('"v=DMARC1; p=none"',)),
    }


def test_the_second_plan_is_empty_and_its_apply_asks_nobody() -> None:
    zone = harbor()
    apply(planned(zone))
    second = planned(zone)

    assert second.changes == ()
    assert apply(second) == 0
    assert second.provider.octodns.calls == ["read"]


def test_a_shared_record_set_keeps_its_time_to_live_and_ours_gets_the_setting() -> None:
    zone = harbor() | {
        (HARBOR, "MX"): (60, ("10 mx1.harbor.example.",)),
        ("mx1.harbor.example", "A"): (60, ("198.51.100.11",)),
    }
    changes = {(c.name, c.type): str(c) for c in planned(zone).changes}

    assert "ttl 60 -> 3600" in changes[HARBOR, "MX"]
    assert "ttl 60 -> 3600" in changes["mx1.harbor.example", "A"]
    assert "ttl" not in changes[HARBOR, "TXT"]


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
            "mx1.harbor.example needs a record of type A, but a CNAME is there",
        ),
        (
            {("mx1.harbor.example", "NS"): (300, ("ns.faraway.example.",))},
            "but mx1.harbor.example is delegated away from harbor.example",
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


def test_a_dmarc_policy_that_is_kept_elsewhere_is_left_there() -> None:
    zone = harbor() | {("_dmarc.harbor.example", "CNAME"): (300, ("d.faraway.example.",))}

    assert not [change for change in planned(zone).changes if change.name.startswith("_dmarc")]


def test_a_type_that_the_provider_cannot_hold_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryProvider, "SUPPORTS", {"A", "TXT"})

    with pytest.raises(MailError, match="type AAAA, which memory cannot hold"):
        planned(harbor())


def test_a_zone_that_is_not_there_is_never_made() -> None:
    served()

    with pytest.raises(MailError, match=r"harbor\.example: memory has no zone for it; create it"):
        plan(Provider("memory", MemoryProvider("test", "memory")), HARBOR, RECORDS)
    assert STORES["memory"] == {}


Edit = Callable[[RecordSets], object]
Entry = tuple[tuple[str, str], tuple[int, tuple[str, ...]]]
Replacement = tuple[Entry, bool]


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


def test_a_record_that_disappears_while_we_write_is_told_with_its_values() -> None:
    zone = harbor()
    result = planned(zone)
    on_write(result, lambda: zone.pop(("www.harbor.example", "A")))

    with pytest.raises(
        MailError, match=r"A www\.harbor\.example changed .* make it 198\.51\.100\.80"
    ):
        apply(result)


def test_a_provider_that_does_not_keep_what_it_took_is_told_of() -> None:
    zone = harbor()
    result = planned(zone)
    octodns = result.provider.octodns
    octodns.interrupt = lambda _: octodns.calls.count("write") and zone.pop((HARBOR, "MX"), None)

    with pytest.raises(MailError, match=r"memory took MX harbor\.example without complaint"):
        apply(result)


VALUES = {
    "A": ["198.51.100.80", "198.51.100.11", "203.0.113.9"],
    "AAAA": ["2001:db8::80", "2001:db8:51::11"],
    "CNAME": ["www.faraway.example."],
    "MX": ["10 mx1.harbor.example.", "5 mx.faraway.example.", "20 mx.old.example.", "0 ."],
    "NS": ["ns.nic.example.", "ns.faraway.example."],
    "SRV": ["0 1 5060 sip.faraway.example."],
    # No text that begins with a quotation mark: octoDNS loses that while reading.
    "TXT": ['"v=spf1 -all"', '"v=spf1 a ?all"', '"v=DMARC1; p=reject"', '"x=1"', '"y; \\"z"', '""'],
}


def sets(names: list[str], kinds: list[str]) -> st.SearchStrategy[Entry]:
    """Record sets at any of these names of any of these types."""
    keys = st.tuples(st.sampled_from([f"{name}{HARBOR}" for name in names]), st.sampled_from(kinds))
    return keys.flatmap(lambda key: st.tuples(st.just(key), held(key[1])))


def held(kind: str) -> st.SearchStrategy[tuple[int, tuple[str, ...]]]:
    values = st.lists(
        st.sampled_from(VALUES[kind]), min_size=1, max_size=1 if kind == "CNAME" else 4, unique=True
    )
    return st.tuples(st.sampled_from([60, 300, 3600]), values.map(sorted).map(tuple))


SHARED = sets([""], ["TXT", "MX"])
HARMLESS = sets(["www.", "a.", "b.a.", "*."], list(VALUES)) | SHARED
ANYTHING = sets(["", "www.", "mx1.", "_dmarc."], list(VALUES))
ZONES = st.tuples(
    st.lists(HARMLESS, max_size=50).map(dict), st.lists(ANYTHING, max_size=1).map(dict)
).map(lambda parts: parts[0] | parts[1])
EDITS = st.lists(st.none() | st.tuples(SHARED | HARMLESS | ANYTHING, st.booleans()), max_size=5)
OURS = {(record.name, record.type) for record in RECORDS}


@settings(max_examples=50, deadline=None)
@given(ZONES)
def test_any_zone_is_published_once_and_the_second_plan_is_empty(start: RecordSets) -> None:
    source = provider(dict(start))
    try:
        apply(plan(source, HARBOR, RECORDS))
    except MailError:
        return  # a conflict, and the same one again
    assert plan(source, HARBOR, RECORDS).changes == ()


@settings(max_examples=120, deadline=None)
@given(ZONES, EDITS)
def test_whatever_others_do_and_whenever_their_records_stay_theirs(
    start: RecordSets,
    edits: list[tuple[tuple[tuple[str, str], tuple[int, tuple[str, ...]]], bool] | None],
) -> None:
    """Others edit before any call of ours; what they left is there in the end, to the letter."""
    zone, theirs, upcoming = dict(start), dict(start), iter(edits)

    def interrupt(call: str) -> None:
        edit = next(upcoming, None)
        if edit is None:
            return
        ((key, value), present) = edit
        # A provider replaces a record set as a whole, and nobody can look between our last read
        # and that; for the record sets that we do not write, there is no such moment.
        if call == "write" and key in OURS:
            return
        for held in (zone, theirs):
            held.pop(key, None)
            if present:
                held[key] = value

    source = provider(zone)
    source.octodns.interrupt = interrupt
    with suppress(MailError):
        apply(plan(source, HARBOR, RECORDS))
    for key in (zone.keys() | theirs.keys()) - OURS:
        assert zone.get(key) == theirs.get(key)
    for key in theirs.keys() & OURS:
        assert foreign(theirs[key]) <= foreign(zone[key])


def foreign(record_set: tuple[int, tuple[str, ...]]) -> set[str]:
    return {value for value in record_set[1] if not spf.is_policy(value.strip('"'))}
