"""
The plan that puts record sets back as they were before a run.

What a run wrote and is still so goes back; what somebody has changed since is theirs by now, and is
named rather than overwritten, unless that is asked for.
"""

from octodns.record import Record
from octodns.zone import Zone

from .backup import Saved, Touched, same
from .model import recordsets
from .model.changes import outcome
from .plan import ZonePlan
from .providers.capabilities import refuse_to_garble
from .providers.provider import Provider


def restoration(provider: Provider, saved: Saved, why: str, *, overwrite: bool = False) -> ZonePlan:
    """Read a zone and plan what puts it back; raise MailError where it cannot be read."""
    existing = provider.read(saved.zone)
    now, desired = recordsets.sets(existing), existing.copy()
    back, notes = [], []
    for one in saved.sets:
        found = now.get(one.key)
        if same(found, one.before):
            continue
        if not same(found, one.after) and not overwrite:
            notes.append(_left(saved, one))
            continue
        back.append(one.key)
        _put(desired, one, found)
    refuse_to_garble(provider, existing, desired)
    sets = recordsets.sets(desired)
    changes = tuple(recordsets.change(now.get(key), sets.get(key), why) for key in back)
    return ZonePlan(
        zone=saved.zone,
        names=frozenset(change.name for change in changes),
        provider=provider,
        existing=existing,
        desired=desired,
        changes=changes,
        expected=tuple(map(outcome, changes)),
        notes=tuple(notes),
    )


def _put(desired: Zone, one: Touched, found: Record | None) -> None:
    if one.before is None:
        desired.remove_record(found)
    else:
        record = recordsets.from_content(desired, one.key, one.before)
        desired.add_record(record, replace=True, lenient=True)


def _left(saved: Saved, one: Touched) -> str:
    full = f"{one.name}.{saved.zone}".lstrip(".")
    return (
        f"{saved.zone}: {one.type} {full} is neither as it was nor as we wrote "
        "it, so somebody has changed it since; it stays, unless zone_overwrite=yes is given too"
    )
