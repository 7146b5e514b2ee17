"""
Records of others stay exactly as they are, at any edit of theirs and at any time.

Zones have up to 50 record sets, fleets change, and others edit the zone between any two of our
calls. `ZONE_EXAMPLES=5000` runs more examples.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from deploys.mail import spf
from deploys.mail.errors import MailError
from deploys.mail.settings.model import Fleet
from deploys.zones.apply import apply
from deploys.zones.backup import Backups
from deploys.zones.orphans import orphan_plans
from deploys.zones.ownership.scope import PlanScope
from deploys.zones.providers.provider import Provider
from tests.zones.fleets import HARBOR, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.scenario import fleet_of, planned, restored

EXAMPLES = int(os.environ.get("ZONE_EXAMPLES", "40"))
CHECKS = {"deadline": None, "suppress_health_check": list(HealthCheck)}

VALUES = {
    "A": ["198.51.100.80", "203.0.113.9"],
    "AAAA": ["2001:db8::80"],
    "CNAME": ["www.faraway.example."],
    "MX": ["5 mx.faraway.example.", "20 mx.old.example.", "20 mx1.harbor.example.", "0 ."],
    "NS": ["ns.nic.example.", "ns.faraway.example."],
    "SRV": ["0 1 5060 sip.faraway.example."],
    # No text that begins with a quotation mark: octoDNS loses that while reading.
    "TXT": [
        '"v=spf1 -all"',
        '"v=spf1 a mx ?all"',
        '"v=spf1 include:_spf.faraway.example ~all"',
        '"v=DMARC1; p=reject"',
        '"x=1"',
        '"y; \\"z"',
        '""',
    ],
}
SAME = {"A": ["198.51.100.11"], "MX": ["10 mx1.harbor.example."], "TXT": ['"v=spf1 mx ~all"']}

Key = tuple[str, str]
Entry = tuple[Key, tuple[int, tuple[str, ...]]]
Edit = tuple[Entry, bool] | None  # a record set that somebody writes or, if False, takes out


def sets(names: list[str], kinds: list[str], **more: list[str]) -> st.SearchStrategy[Entry]:
    """Record sets at any of these names of any of these types."""
    keys = st.tuples(st.sampled_from([f"{name}{HARBOR}" for name in names]), st.sampled_from(kinds))
    return keys.flatmap(lambda key: st.tuples(st.just(key), held(key[1], more.get(key[1], []))))


def held(kind: str, more: list[str]) -> st.SearchStrategy[tuple[int, tuple[str, ...]]]:
    size = 1 if kind == "CNAME" else 4
    values = st.lists(st.sampled_from(VALUES[kind] + more), min_size=1, max_size=size, unique=True)
    return st.tuples(st.sampled_from([60, 300, 3600]), values.map(sorted).map(tuple))


OURS = ["", "mx1.", "mx2.", "_dmarc.", "_pyinfra-mail.", "mx1-rsa._domainkey."]
THEIRS = sets(["www.", "a.", "b.a.", "*.", "mx9.", "_x.mx1."], list(VALUES))
SHARED = sets([""], ["TXT", "MX"])
ANYTHING = sets(OURS, ["A", "MX", "TXT", "CNAME", "NS"])
SAME_AS_OURS = sets(["", "mx1."], list(SAME), **SAME)
ZONES = st.tuples(
    st.lists(THEIRS | SHARED, max_size=50).map(dict),
    st.lists(ANYTHING | SAME_AS_OURS, max_size=1).map(dict),
).map(lambda parts: parts[0] | parts[1])
EDITS = st.lists(st.none() | st.tuples(THEIRS | SHARED | ANYTHING, st.booleans()), max_size=8)
FLEETS = st.sets(st.sampled_from([1, 2, 3]), min_size=1).flatmap(
    lambda numbers: st.sampled_from(
        [fleet_of(HARBOR, *sorted(numbers)), fleet_of(HARBOR, *sorted(numbers), domains=[])]
    )
)
ONE = fleet_of(HARBOR, 1)


def provider(zone: RecordSets) -> Provider:
    served(harbor=zone)
    return Provider("memory", MemoryProvider("test", "memory"))


def is_ours(key: Key) -> bool:
    """Tell whether a fleet of ours may write a record set, which may have values of others."""
    name = key[0].removesuffix(HARBOR)
    host = name.removesuffix(".").rpartition(".")[2] in ("mx1", "mx2", "mx3")
    return (
        key in ((HARBOR, "MX"), (HARBOR, "TXT"), (f"_dmarc.{HARBOR}", "TXT"))
        or (name in ("mx1.", "mx2.", "mx3.") and key[1] in ("A", "AAAA", "TXT"))
        or ("._domainkey." in name and key[1] == "TXT" and (host or name.count(".") == 2))
        or name == "_pyinfra-mail."
    )


def atoms(zone: RecordSets, key: Key) -> set[str]:
    """The parts of a record set that have an owner: values, and the terms of SPF policies."""
    values = zone.get(key, (0, ()))[1]
    policies = [value.strip('"') for value in values if spf.is_policy(value.strip('"'))]
    terms = {f"spf {term}" for policy in policies for term in policy.split(" ")[1:]}
    return {value for value in values if value.strip('"') not in policies} | terms


def assert_theirs_is_theirs(zone: RecordSets, theirs: RecordSets) -> None:
    for key in zone.keys() | theirs.keys():
        if is_ours(key):
            assert atoms(theirs, key) <= atoms(zone, key), key
        else:
            assert zone.get(key) == theirs.get(key), key


def unordered(zone: RecordSets) -> dict[Key, tuple[int, list[str]]]:
    return {key: (ttl, sorted(values)) for key, (ttl, values) in zone.items()}


class Others:
    """People who edit the zone before each of our calls, for as long as they have edits."""

    def __init__(self, zone: RecordSets, edits: Iterable[Edit]) -> None:
        self.zone, self.theirs = zone, dict(zone)
        self.upcoming = iter(edits)

    def __call__(self, call: str) -> None:
        edit = next(self.upcoming, None)
        if edit is None:
            return
        (key, value), present = edit
        # A provider replaces a record set as a whole, and nobody can look between our last read
        # and that; for the record sets that we do not write, there is no such moment.
        if call == "write" and is_ours(key):
            return
        for held in (self.zone, self.theirs):
            held.pop(key, None)
            if present:
                held[key] = value


def try_to(publish: Fleet, source: Provider) -> str | None:
    """Publish unless a conflict or an edit stops it; return the ID of the backup."""
    backups = Backups()
    try:
        event(f"{apply(planned(source, HARBOR, publish), backups.keep) // 5} times five writes")
    except MailError as error:
        event(str(error).partition(":")[2][:30])
    return backups.run


@settings(max_examples=EXAMPLES, **CHECKS)  # type: ignore[arg-type]
@given(ZONES, EDITS, st.lists(FLEETS, min_size=1, max_size=3))
def test_records_of_others_stay_at_any_edit_at_any_time(
    start: RecordSets, edits: list[Edit], fleets: list[Fleet]
) -> None:
    zone = dict(start)
    source = provider(zone)
    others = source.octodns.interrupt = Others(zone, edits)
    runs = []
    for fleet in fleets:
        runs.append(try_to(fleet, source))
        assert_theirs_is_theirs(zone, others.theirs)
    for run in filter(None, reversed(runs)):
        with suppress(MailError):
            restored(source, run)
        assert_theirs_is_theirs(zone, others.theirs)


@settings(max_examples=EXAMPLES, **CHECKS)  # type: ignore[arg-type]
@given(ZONES, st.lists(FLEETS, min_size=1, max_size=3))
def test_a_second_run_plans_nothing_and_a_restore_is_exact(
    start: RecordSets, fleets: list[Fleet]
) -> None:
    zone = dict(start)
    source = provider(zone)
    for fleet in fleets:
        before, backups = unordered(zone), Backups()
        with suppress(MailError):
            apply(planned(source, HARBOR, fleet), backups.keep)
            assert planned(source, HARBOR, fleet).changes == ()
        if backups.run:
            after = unordered(zone)
            restored(source, backups.run)
            assert unordered(zone) == before
            apply(planned(source, HARBOR, fleet))
            assert unordered(zone) == after


@settings(max_examples=EXAMPLES, **CHECKS)  # type: ignore[arg-type]
@given(ZONES, st.lists(FLEETS, min_size=1, max_size=3))
@example({(HARBOR, "MX"): (60, ("10 mx1.harbor.example.", "20 mx1.harbor.example."))}, [ONE])
def test_a_zone_is_unchanged_when_mail_has_left(start: RecordSets, fleets: list[Fleet]) -> None:
    zone = dict(start)
    source = provider(zone)
    hosts: set[str] = set()
    for fleet in fleets:
        try_to(fleet, source)
        hosts |= {host.hostname for host in fleet.hosts}
    for _ in range(len(fleets)):
        for left in orphan_plans(source, HARBOR, PlanScope(tuple(sorted(hosts)), whole=True)):
            apply(left)
    assert_theirs_is_theirs(zone, start)
    assert_theirs_is_theirs(start, zone)
