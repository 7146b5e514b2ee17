"""
A zone's plan, made so.

Before anything is written the zone is read again: had anybody edited it meanwhile, nothing is
written at all. What is about to change is saved. Afterwards all others' record sets must be what
they were, and ours what was planned; else ours go back by themselves.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from octodns.provider.plan import Plan
from octodns.record import Record
from octodns.record.change import Change as OctoChange

from ..mail.errors import MailError
from .backup import Saved, Touched
from .model import recordsets
from .model.changes import listed
from .model.recordsets import Key, content, title
from .ownership import record as registering
from .plan import ZonePlan
from .restore import restoration

Keep = Callable[[Saved], object]
Sets = Mapping[Key, Record]


def apply(plan: ZonePlan, keep: Keep = lambda _: None) -> int:
    """Write a plan's changes and return how many; raise MailError rather than do harm."""
    if not plan.changes or plan.provider.by_hand:
        return 0
    fresh, writes = _checked(plan)
    if writes:
        saved = _saved(plan, writes)
        keep(saved)
        _write(plan, fresh, writes)
        _read_back(plan, saved)
    return len(writes)


def _checked(plan: ZonePlan) -> tuple[Plan, list[OctoChange]]:
    """Look again, and return what is to be written."""
    fresh = plan.provider.plan(plan.desired)
    planned = fresh.changes if fresh else []
    _stop_if_edited(plan, planned)
    ours = {(change.name, change.type) for change in plan.changes}
    return fresh, [change for change in planned if recordsets.owner(change.record) in ours]


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


def _saved(plan: ZonePlan, writes: Iterable[OctoChange]) -> Saved:
    touched = (
        Touched.of(recordsets.key(change.record), change.existing, change.new) for change in writes
    )
    return Saved(plan.zone, plan.provider.name, tuple(touched))


def _write(plan: ZonePlan, fresh: Plan, writes: Collection[OctoChange]) -> None:
    try:
        plan.provider.apply(fresh, writes)
    except MailError as error:
        raise MailError(f"{error}; {_half_done(plan, writes)}") from None


def _half_done(plan: ZonePlan, writes: Collection[OctoChange]) -> str:
    """Say what of a change that failed was written after all, and mark that as ours."""
    try:
        existing = plan.provider.read(plan.zone)
    except MailError:
        return "whether any of it was written cannot be told, as the zone cannot be read"
    now = recordsets.sets(existing)
    done = [
        title(change.record)
        for change in writes
        if content(now.get(recordsets.key(change.record))) == content(change.new)
    ]
    if not done:
        return "nothing was written"
    with suppress(MailError):  # it was said already that the provider fails
        registering.agree(plan.provider, existing, plan.existing, plan.desired)
    return (
        f"of {len(writes)} record sets {len(done)} were written ({listed(sorted(done))}); the next "
        "run does the rest"
    )


def _read_back(plan: ZonePlan, saved: Saved) -> None:
    try:
        now = recordsets.sets(plan.provider.read(plan.zone))
    except MailError as error:
        raise MailError(f"{error}; all was written, but nobody has looked at it again") from None
    written = {one.key for one in saved.sets}
    for key, record in recordsets.sets(plan.existing).items():
        if key not in written and content(now.get(key)) != content(record):
            # Ours are right, or not: to write again beside somebody who does would be no remedy.
            raise MailError(
                f"{plan.zone}: {title(record)} changed while our own records were written; if it "
                f"was nobody else, make it {_shown(record)} again"
            )
    before, desired = recordsets.sets(plan.existing), recordsets.sets(plan.desired)
    wrong = next(filter(None, (_wrong(key, before, desired, now) for key in written)), None)
    if wrong:
        raise MailError(
            f"{plan.zone}: {plan.provider.name} took {wrong}; {_put_back(plan, _lost(saved, now))}"
        )


def _wrong(key: Key, before: Sets, desired: Sets, now: Sets) -> str:
    """Say what is not so of a record set that was written; more values than ours are others'."""
    was, wanted, stored = (recordsets.texts(held.get(key)) for held in (before, desired, now))
    if any(value not in stored for value in wanted):
        record = desired[key]
        return (
            f"{title(record)} without complaint but does not have it; it shall be {_shown(record)}"
        )
    gone = [value for value in was if value not in wanted]
    if any(value in stored for value in gone):
        return f"a change of {title(before[key])} without complaint but still has what was deleted"
    return ""


def _lost(saved: Saved, now: Sets) -> Saved:
    """Say of record sets that are gone that they were written so: there is nothing to overwrite."""
    sets = (one if one.key in now else replace(one, after=None) for one in saved.sets)
    return replace(saved, sets=tuple(sets))


def _put_back(plan: ZonePlan, saved: Saved) -> str:
    try:
        back = restoration(plan.provider, saved, "what was written there is not what is there")
        fresh, writes = _checked(back)
        if writes:
            back.provider.apply(fresh, writes)
    except MailError as error:
        return f"what was written could not be put back: {error}"
    left = f", but {'; '.join(back.notes)}" if back.notes else ""
    return f"what was written there is as it was before{left}"


def _shown(record: Record) -> str:
    return ", ".join(recordsets.record_set(record).values)
