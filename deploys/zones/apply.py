"""
Apply of a zone's plan.

The zone is read again before a write: if it was edited since the plan, nothing is written. Record
sets are backed up before they change. After the write the zone is read back: the record sets of
others must be unchanged, and ours as planned; otherwise ours are restored.
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace

from octodns.provider.plan import Plan
from octodns.record import Record
from octodns.record.change import Change
from octodns.zone import Zone

from ..mail.errors import MailError
from .backup import SavedSet, ZoneBackup
from .model import recordsets
from .model.changes import listed
from .model.recordsets import RecordKey, Sets, content, title
from .ownership import registry as registries
from .ownership.digests import of_zone
from .ownership.registry import HOST, KEY, Mark, Registry
from .plan import ZonePlan
from .restore import restoration

Keep = Callable[[ZoneBackup], object]


def apply(plan: ZonePlan, keep: Keep = lambda _: None) -> int:
    """Write a plan's changes and return their number; raise MailError if a record is at risk."""
    if not plan.changes or plan.provider.by_hand:
        return 0
    fresh, writes = _checked(plan)
    if writes:
        backup = _backup(plan, writes)
        keep(backup)
        _write(plan, fresh, writes)
        _read_back(plan, backup)
    return len(writes)


def _checked(plan: ZonePlan) -> tuple[Plan, list[Change]]:
    """Read the zone again, and return octoDNS's plan and those of its changes that are ours."""
    fresh = plan.provider.plan(plan.desired)
    planned = fresh.changes if fresh else []
    _stop_if_edited(plan, planned)
    ours = {(change.name, change.type) for change in plan.changes}
    return fresh, [change for change in planned if recordsets.owner(change.record) in ours]


def _stop_if_edited(plan: ZonePlan, planned: Iterable[Change]) -> None:
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


def _backup(plan: ZonePlan, writes: Iterable[Change]) -> ZoneBackup:
    sets = (
        SavedSet.of(recordsets.key(change.record), change.existing, change.new) for change in writes
    )
    return ZoneBackup(plan.zone, plan.provider.name, tuple(sets))


def _write(plan: ZonePlan, fresh: Plan, writes: Collection[Change]) -> None:
    try:
        plan.provider.apply(fresh, writes)
    except MailError as error:
        raise MailError(f"{error}; {_partial_write(plan, writes)}") from None


def _partial_write(plan: ZonePlan, writes: Collection[Change]) -> str:
    """Return how many record sets a failed write has changed, and mark them as ours."""
    try:
        existing = plan.provider.read(plan.zone)
    except MailError:
        return "the zone cannot be read either, so some of it may have been written"
    now = recordsets.sets(existing)
    done = [
        title(change.record)
        for change in writes
        if content(now.get(recordsets.key(change.record))) == content(change.new)
    ]
    if not done:
        return "nothing was written"
    with suppress(MailError):  # the caller already reports that the provider fails
        _register_partial(plan, existing)
    return (
        f"{len(done)} of {len(writes)} record sets were written ({listed(sorted(done))}); run "
        "again to write the others"
    )


def _register_partial(plan: ZonePlan, existing: Zone) -> None:
    """Mark as ours the values that a failed write has left in the zone."""
    planned = registries.read(plan.desired)
    every = {mark for one in (registries.read(plan.existing), planned) for mark in one.marks}
    digests = of_zone(existing, {mark.key for mark in every})
    present = (
        Mark(mark.tag, mark.type, mark.name, kept)
        for mark in every
        if mark.type != HOST
        and (kept := tuple(one for one in mark.digests if one in digests.get(mark.key, ())))
    )
    hosts = (mark for mark in planned.marks if mark.type == HOST)
    corrected = existing.copy()
    registries.write(corrected, Registry(_joined((*hosts, *present)), planned.others))
    fresh = plan.provider.plan(corrected)
    planned_changes = fresh.changes if fresh else ()
    if changes := [one for one in planned_changes if recordsets.key(one.record) == KEY]:
        plan.provider.apply(fresh, changes)


def _joined(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return one mark in place of several for the same record set."""
    digests: dict[tuple[str, str, str], set[str]] = {}
    for mark in marks:
        digests.setdefault((mark.tag, mark.type, mark.name), set()).update(mark.digests)
    return tuple(Mark(*key, tuple(sorted(values))) for key, values in digests.items())


def _read_back(plan: ZonePlan, backup: ZoneBackup) -> None:
    try:
        now = recordsets.sets(plan.provider.read(plan.zone))
    except MailError as error:
        raise MailError(f"{error}; every change was written, but could not be read back") from None
    written = {one.key for one in backup.sets}
    for key, record in recordsets.sets(plan.existing).items():
        if key not in written and content(now.get(key)) != content(record):
            # No restore: two writers at the same time could lose more records.
            raise MailError(
                f"{plan.zone}: {title(record)} changed while our own records were written; if "
                f"nobody else changed it, set it to {_shown(record)} again"
            )
    before, desired = recordsets.sets(plan.existing), recordsets.sets(plan.desired)
    wrong = next(filter(None, (_wrong(key, before, desired, now) for key in written)), None)
    if wrong:
        back = _put_back(plan, _without_lost(backup, now))
        raise MailError(f"{plan.zone}: {plan.provider.name} accepted {wrong}; {back}")


def _wrong(key: RecordKey, before: Sets, desired: Sets, now: Sets) -> str:
    """Return how a written record set differs from the plan; others may have added values."""
    was, wanted, stored = (recordsets.texts(sets.get(key)) for sets in (before, desired, now))
    if any(value not in stored for value in wanted):
        record = desired[key]
        return f"{title(record)} without an error but does not have it; it must be {_shown(record)}"
    gone = [value for value in was if value not in wanted]
    if any(value in stored for value in gone):
        return f"the deletion of {title(before[key])} without an error but still has it"
    return ""


def _without_lost(backup: ZoneBackup, now: Sets) -> ZoneBackup:
    """Return a backup that expects no record set where none is stored, so none is overwritten."""
    sets = (one if one.key in now else replace(one, after=None) for one in backup.sets)
    return replace(backup, sets=tuple(sets))


def _put_back(plan: ZonePlan, backup: ZoneBackup) -> str:
    try:
        back = restoration(plan.provider, backup, "the provider did not store what was written")
        fresh, writes = _checked(back)
        if writes:
            back.provider.apply(fresh, writes)
    except MailError as error:
        return f"the record sets written there could not be restored: {error}"
    notes = f", but {'; '.join(back.notes)}" if back.notes else ""
    return f"the record sets written there are as before{notes}"


def _shown(record: Record) -> str:
    return ", ".join(recordsets.record_set(record).values)
