"""
Plan that restores record sets to their state before a run.

A record set that is still as the run wrote it is restored. A record set that somebody has changed
since is named in a note and kept, unless `zone_overwrite` is given.
"""

from octodns.record import Record
from octodns.zone import Zone

from .backup import SavedSet, ZoneBackup, is_saved
from .model import recordsets
from .model.changes import outcome
from .plan import ZonePlan
from .providers.capabilities import refuse_altered_texts
from .providers.provider import Provider


def restoration(
    provider: Provider, backup: ZoneBackup, why: str, *, overwrite: bool = False
) -> ZonePlan:
    """Read a zone and return the plan that restores it; raise MailError if it cannot be read."""
    existing = provider.read(backup.zone)
    now, desired = recordsets.sets(existing), existing.copy()
    keys, notes = [], []
    for one in backup.sets:
        found = now.get(one.key)
        if is_saved(found, one.before):
            continue
        if not is_saved(found, one.after) and not overwrite:
            notes.append(_kept(backup, one))
            continue
        keys.append(one.key)
        _put(desired, one, found)
    refuse_altered_texts(provider, existing, desired)
    sets = recordsets.sets(desired)
    changes = tuple(recordsets.change(now.get(key), sets.get(key), why) for key in keys)
    return ZonePlan(
        zone=backup.zone,
        names=frozenset(change.name for change in changes),
        provider=provider,
        existing=existing,
        desired=desired,
        changes=changes,
        expected=tuple(map(outcome, changes)),
        notes=tuple(notes),
    )


def _put(desired: Zone, one: SavedSet, found: Record | None) -> None:
    if one.before is None:
        desired.remove_record(found)
    else:
        record = recordsets.from_content(desired, one.key, one.before)
        desired.add_record(record, replace=True, lenient=True)


def _kept(backup: ZoneBackup, one: SavedSet) -> str:
    full = f"{one.name}.{backup.zone}".lstrip(".")
    return (
        f"{backup.zone}: somebody has changed {one.type} {full} since the run wrote it, so it "
        "stays; to overwrite it, restore the run with --data zone_overwrite=yes"
    )
