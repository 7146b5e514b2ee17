"""
A zone's plan: existing, desired, changes; and its apply.

octoDNS makes a zone what it is told, and deletes what it was not told. So `desired` starts as a
copy of `existing`. Before anything is written the zone is read again: had anybody edited it
meanwhile, nothing is written at all. Only record sets of ours are written, none is ever deleted,
and afterwards all others must be what they were.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from octodns.record import Record
from octodns.record.change import Change as OctoChange
from octodns.zone import Zone

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones import recordsets
from deploys.zones.changes import Change, Expected, listed
from deploys.zones.draft import Draft
from deploys.zones.provider import Provider
from deploys.zones.recordsets import Key, content, title


@dataclass(frozen=True)
class ZonePlan:
    """
    What a zone is and what it shall be.

    `expected` is what its name servers answer then, `notes` what its provider cannot do.
    """

    zone: str
    names: frozenset[str]
    provider: Provider
    existing: Zone
    desired: Zone
    changes: tuple[Change, ...]
    expected: tuple[Expected, ...]
    notes: tuple[str, ...] = ()


def plan(provider: Provider, zone: str, records: Iterable[MailRecord]) -> ZonePlan:
    """Read a zone and compare it with the records it shall hold; raise MailError on a conflict."""
    draft = Draft(provider, provider.read(zone))
    names = set()
    for record in records:
        draft.add(record)
        names.add(record.name)
    return ZonePlan(
        zone=zone,
        names=frozenset(names),
        provider=provider,
        existing=draft.existing,
        desired=draft.desired,
        changes=tuple(draft.changes()),
        expected=tuple(draft.expected),
        notes=tuple(draft.notes),
    )


def apply(plan: ZonePlan) -> int:
    """Write a plan's changes and return how many; raise MailError rather than do harm."""
    if not plan.changes:
        return 0
    fresh = plan.provider.plan(plan.desired)
    planned = fresh.changes if fresh else []
    _stop_if_edited(plan, planned)
    ours = {(change.name, change.type) for change in plan.changes}
    writes = [change for change in planned if change.new and _owner(change.new) in ours]
    if writes:
        plan.provider.apply(fresh, writes)
        _read_back(plan, {recordsets.key(change.new) for change in writes})
    return len(writes)


def _owner(record: Record) -> Key:
    return record.fqdn.rstrip("."), recordsets.key(record)[1]


def _stop_if_edited(plan: ZonePlan, planned: Iterable[OctoChange]) -> None:
    # Foreign changes show up here too: `desired` holds every foreign record as it was first read.
    before = recordsets.sets(plan.existing)
    edited = [
        title(change.record)
        for change in planned
        if content(change.existing) != content(before.get(recordsets.key(change.record)))
    ]
    if edited:
        raise MailError(
            f"{plan.zone}: somebody else changed {listed(sorted(edited))} during this run; "
            "nothing was written there, run again"
        )


def _read_back(plan: ZonePlan, written: Collection[Key]) -> None:
    now, desired = recordsets.sets(plan.provider.read(plan.zone)), recordsets.sets(plan.desired)
    for key, record in recordsets.sets(plan.existing).items():
        if key not in written and content(now.get(key)) != content(record):
            raise MailError(
                f"{plan.zone}: {title(record)} changed while our own records were written; if it "
                f"was nobody else, make it {_shown(record)} again"
            )
    for key in written:
        stored = now[key].values if key in now else []
        if any(value not in stored for value in desired[key].values):
            raise MailError(
                f"{plan.zone}: {plan.provider.name} took {title(desired[key])} without complaint "
                f"but does not have it; it shall be {_shown(desired[key])}"
            )


def _shown(record: Record) -> str:
    return ", ".join(recordsets.record_set(record).values)
