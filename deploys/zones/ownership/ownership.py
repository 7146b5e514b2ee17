"""
Ownership of one zone's records during one plan, and its registry kept up to date.

The registry marks as ours only records that a run creates. A zone without our marks, in which no
record of ours is missing, was written by a version without a registry: records that are exactly as
we would write them are adopted.

A record of ours is stale once the inventory needs it no longer. It is deleted as a whole: a record
set, a value among those of others, or terms of an SPF policy. A record that somebody has changed
since is theirs. Nothing is stale while a mail host is out of the run or has not reported its facts,
because its needs are then unknown.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from octodns.zone import Zone

from ...mail.errors import MailError
from ...mail.records import MailRecord
from ..model import recordsets
from ..model.changes import RecordChange
from ..model.recordsets import RecordKey, title
from . import registry as registries
from .digests import SPF, labels, of_records, of_zone, remaining
from .registry import HOST, KEY, LABEL, Mark, Registry, marks_for, new_tag
from .scope import PlanScope

ANCHORS = 2  # hosts by which a fleet is recognised when another one leaves
FEW = 3  # record sets; a registry of fewer cannot tell half a zone from some edits
STALE = "ours, and the inventory needs it no longer"


class Ownership:
    """Ownership in one zone: `ours`, `present` and `wanted` are digests by name and label."""

    def __init__(self, existing: Zone, records: Collection[MailRecord], scope: PlanScope) -> None:
        self.existing, self.records, self.scope = existing, records, scope
        self.registry = registries.read(existing)
        self.tags = self.registry.tags(scope.hosts)
        self.adopts = False
        needed = scope.needed.get(existing.name.rstrip("."), ())
        self.wanted = of_records(existing, (*records, *needed))
        self.present = of_zone(existing, self.registry.digests().keys() | self.wanted.keys())
        self.ours = self._ours()
        self._spared, self._limited = (
            {existing.hostname_from_fqdn(f"{name}.") for name in names}
            for names in (scope.spared, scope.limited or ())
        )
        self._refuse_half()

    def without_stale(self) -> Zone:
        """Return the existing zone without stale records."""
        zone = self.existing.copy()
        for (name, record_type), record in recordsets.sets(self.existing).items():
            stale = {(name, label): self._stale((name, label)) for label in labels(record_type)}
            if not any(stale.values()):
                continue
            values = remaining(zone, record, stale, self.ours)
            zone.remove_record(record)
            if values:
                key = (name, record_type)
                kept = recordsets.new_record(zone, key, record.ttl, values, record)
                zone.add_record(kept, lenient=True)
        return zone

    def register(self, desired: Zone) -> None:
        """Bring the registry of a desired zone up to date."""
        if self.scope.hosts:
            keys = self.ours.keys() | self.wanted.keys()
            now = of_zone(desired, keys)
            created = {key: self._created(key, now) for key in keys}
            self.adopts = self._may_adopt() and not any(created.values())
            exact = filter(self._exists, self.records) if self.adopts else ()
            new = of_records(self.existing, exact) if self.adopts else created
            registries.write(desired, self._renewed(now, new))

    def stale_changes(self, desired: Zone, known: Iterable[RecordChange]) -> Iterator[RecordChange]:
        """Yield the changes by which stale records go, except in record sets already changed."""
        done = {(change.name, change.type) for change in known}
        after = recordsets.sets(desired)
        for key, record in sorted(recordsets.sets(self.existing).items()):
            remaining_set = after.get(key)
            changed = recordsets.content(record) != recordsets.content(remaining_set)
            if changed and recordsets.owner(record) not in done:
                yield recordsets.change(record, remaining_set, STALE)

    def registry_changes(self, desired: Zone) -> Iterator[RecordChange]:
        """Yield the change of the registry, if there is one."""
        before, after = (recordsets.sets(zone).get(KEY) for zone in (self.existing, desired))
        if recordsets.content(before) != recordsets.content(after):
            count = len(registries.of_record(after).digests())
            why = "which record sets are ours"
            if self.adopts:
                why += ", as they are exactly what we would write"
            yield recordsets.change(before, after, why, brief=f"{count} marks")

    def edited(self) -> Iterator[str]:
        """Yield a sentence for each unwanted record set of ours that somebody else has changed."""
        existing = recordsets.sets(self.existing)
        for (name, label), digests in sorted(self.ours.items()):
            record = existing.get((name, "TXT" if label == SPF else label))
            unwanted = self._may_go((name, label)) and (name, label) not in self.wanted
            if unwanted and record and set(digests) - self.present.get((name, label), set()):
                zone = self.existing.name.rstrip(".")
                yield (
                    f"{zone}: the inventory needs {title(record)} no longer, but somebody has "
                    "changed it since we wrote it, so it stays"
                )

    def _refuse_half(self) -> None:
        marked = self.registry.digests()
        present = [key for key in marked if key in self.present]
        if len(marked) >= FEW and 2 * len(present) < len(marked):
            zone = self.existing.name.rstrip(".")
            raise MailError(
                f"{zone}: the provider returns {len(present)} of {len(marked)} record sets in the "
                f"registry, so this may be half of the zone; nothing was written. If you removed "
                f"the others on purpose, remove TXT {LABEL}.{zone} too"
            )

    def _stale(self, key: RecordKey) -> set[str]:
        if not self._may_go(key):
            return set()
        ours = self.ours.get(key, set()) & self.present.get(key, set())
        return ours - self.wanted.get(key, set())

    def _may_go(self, key: RecordKey) -> bool:
        """Tell whether every need for records of a name is known."""
        if self.scope.limited is not None:
            return key[0] in self._limited
        return self.scope.whole and key[0] not in self._spared

    def _may_adopt(self) -> bool:
        return not self.tags and self.scope.whole

    def _exists(self, record: MailRecord) -> bool:
        name = self.existing.hostname_from_fqdn(f"{record.name}.")
        existing = recordsets.sets(self.existing).get((name, record.type))
        return set(record.values) <= recordsets.texts(existing).keys()

    def _ours(self) -> dict[RecordKey, set[str]]:
        """Return the digests marked as ours, without those that only another fleet needs."""
        others = self.registry.without(self.tags).digests()
        return {
            key: digests - (others.get(key, set()) - self.wanted.get(key, set()))
            for key, digests in self.registry.digests(self.tags).items()
        }

    def _created(self, key: RecordKey, now: Mapping[RecordKey, set[str]]) -> set[str]:
        """Return the wanted digests that this run writes; a value merged for others is not ours."""
        new = now.get(key, set()).difference(self.present.get(key, ()))
        return new.intersection(self.wanted.get(key, ()))

    def _renewed(
        self, now: Mapping[RecordKey, set[str]], new: Mapping[RecordKey, set[str]]
    ) -> Registry:
        """Return the registry, with our marks of written records that still exist."""
        rest = self.registry.without(self.tags)
        tag = self.tags[0] if self.tags else new_tag(self.scope.hosts, self.registry)
        marks: list[Mark] = []
        for key in self.ours.keys() | new.keys():
            kept = set(self.ours.get(key, ()))
            if self.scope.limited is None or key[0] in self._limited:
                kept &= now.get(key, set())
            marks += marks_for(tag, key, kept | new.get(key, set()))
        # A fleet keeps its tag: else a later run would adopt records that existed before it.
        known = bool(marks or (self.tags and self.wanted))
        hosts = [Mark(tag, HOST, name) for name in self._anchors()] if known else []
        return Registry((*rest.marks, *hosts, *marks), rest.others)

    def _anchors(self) -> list[str]:
        """Return the hosts by which our marks are recognised; they change if too few are left."""
        known = {mark.name for mark in self.registry.marks if mark.type == HOST}
        anchors = [name for name in self.scope.hosts if name in known]
        if len(anchors) >= min(ANCHORS, len(self.scope.hosts)):
            return anchors
        return [*dict.fromkeys((*anchors, *self.scope.hosts))][:ANCHORS]
