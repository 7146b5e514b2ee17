"""The registry as a record set of its zone: read, written, and brought to agree with it."""

from octodns.record import Record
from octodns.zone import Zone

from ..model import recordsets
from ..model.recordsets import Key
from ..providers.provider import Provider
from .digests import of_zone
from .registry import HOST, LABEL, Mark, Registry

KEY: Key = (LABEL, "TXT")
TTL = 3600


def found(record: Record | None) -> Registry:
    """Return what a record set says, if there is one."""
    return Registry.parse(recordsets.texts(record))


def read(zone: Zone) -> Registry:
    """Return the registry of a zone."""
    return found(recordsets.sets(zone).get(KEY))


def write(zone: Zone, registry: Registry) -> None:
    """Put a registry into a zone in the making; one that says nothing is none."""
    record = recordsets.sets(zone).get(KEY)
    known, texts = recordsets.texts(record), registry.texts()
    if set(texts) == known.keys():
        return
    if not texts:
        zone.remove_record(record)
        return
    fresh = [text for text in texts if text not in known]
    values = [known[text] for text in texts if text in known]
    values += recordsets.new_values(zone, KEY, fresh) if fresh else []
    ttl = record.ttl if record else TTL
    zone.add_record(recordsets.new_record(zone, KEY, ttl, values), replace=True, lenient=True)


def agree(provider: Provider, now: Zone, before: Zone, desired: Zone) -> None:
    """Mark what is there of what a run wanted to write, after it could not write all of it."""
    there = of_zone(now)
    planned = read(desired)
    every = {mark for registry in (read(before), planned) for mark in registry.marks}
    present = (
        Mark(mark.tag, mark.type, mark.name, kept)
        for mark in every
        if mark.type != HOST
        and (kept := tuple(one for one in mark.digests if one in there.get(mark.key, ())))
    )
    hosts = (mark for mark in planned.marks if mark.type == HOST)
    corrected = now.copy()
    write(corrected, _merged((*hosts, *present), planned))
    fresh = provider.plan(corrected)
    changes = (
        [change for change in fresh.changes if recordsets.key(change.record) == KEY]
        if fresh
        else []
    )
    if changes:
        provider.apply(fresh, changes)


def _merged(marks: tuple[Mark, ...], planned: Registry) -> Registry:
    """Return a registry with one mark where two say something of the same record set."""
    digests: dict[tuple[str, str, str], set[str]] = {}
    for mark in marks:
        digests.setdefault((mark.tag, mark.type, mark.name), set()).update(mark.digests)
    merged = (Mark(*key, tuple(sorted(held))) for key, held in digests.items())
    return Registry(tuple(merged), planned.others)
