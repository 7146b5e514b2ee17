"""
How a plan keeps the registry: what a run creates is marked as ours, and nothing else.

Of a zone in which nothing is marked, and nothing of ours is missing, we take it that a version
without a registry wrote it, and mark what is exactly as we would write it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from octodns.zone import Zone

from ...mail.errors import MailError
from ...mail.records import MailRecord
from ..model import recordsets
from ..model.changes import RecordChange
from ..model.recordsets import Key
from . import record as registering
from .digests import of_records, of_zone
from .record import KEY
from .registry import HOST, LABEL, Mark, Registry, marks_for, new_tag
from .scope import Claim
from .stale import Sweep

ANCHORS = 2  # hosts by which a fleet is known again when another one leaves
FEW = 3  # record sets, too few to tell half a zone from some edits
GONE = "ours, and nothing in the inventory needs it any more"


class Marking:
    """The registry of one zone during one plan."""

    def __init__(self, existing: Zone, records: Collection[MailRecord], claim: Claim) -> None:
        self.existing, self.records, self.claim = existing, records, claim
        self.registry = registering.read(existing)
        self.tags = self.registry.tags(claim.hosts)
        self.adopts = False
        needed = claim.needed.get(existing.name.rstrip("."), ())
        wanted = of_records(existing, (*records, *needed))
        spared = {existing.hostname_from_fqdn(f"{name}.") for name in claim.spared}
        self.sweep = Sweep(claim, spared, self._ours(wanted), of_zone(existing), wanted)
        self._refuse_half()

    def mark(self, desired: Zone) -> None:
        """Bring the registry of a desired zone up to date."""
        if self.claim.hosts:
            now = of_zone(desired)
            keys = self.sweep.ours.keys() | self.sweep.wanted.keys()
            created = {key: self._created(key, now) for key in keys}
            self.adopts = self._may_adopt() and not any(created.values())
            exact = filter(self._is_there, self.records) if self.adopts else ()
            new = of_records(self.existing, exact) if self.adopts else created
            registering.write(desired, self._renewed(now, new))

    def gone(self, desired: Zone, known: Iterable[RecordChange]) -> Iterator[RecordChange]:
        """Yield what has had its day, besides the record sets that have new values of ours."""
        done = {(change.name, change.type) for change in known}
        after = recordsets.sets(desired)
        for key, record in sorted(recordsets.sets(self.existing).items()):
            left = after.get(key)
            changed = recordsets.content(record) != recordsets.content(left)
            if changed and recordsets.owner(record) not in done:
                yield recordsets.change(record, left, GONE)

    def marks(self, desired: Zone) -> Iterator[RecordChange]:
        """Yield what changes in the registry."""
        before, after = (recordsets.sets(zone).get(KEY) for zone in (self.existing, desired))
        if recordsets.content(before) != recordsets.content(after):
            count = len(registering.found(after).promised())
            why = "which record sets are ours"
            if self.adopts:
                why += ", as they are exactly what we would write"
            yield recordsets.change(before, after, why, brief=f"{count} marks")

    def _refuse_half(self) -> None:
        promised = self.registry.promised()
        there = [key for key in promised if key in self.sweep.there]
        if len(promised) >= FEW and 2 * len(there) < len(promised):
            zone = self.existing.name.rstrip(".")
            raise MailError(
                f"{zone}: the provider shows {len(there)} of {len(promised)} record sets that are "
                f"there by TXT {LABEL}.{zone}, so this may be half of the zone; nothing was "
                "written. If they were taken out on purpose, take out that TXT record set too"
            )

    def _may_adopt(self) -> bool:
        return not self.tags and self.claim.whole

    def _is_there(self, record: MailRecord) -> bool:
        name = self.existing.hostname_from_fqdn(f"{record.name}.")
        held = recordsets.sets(self.existing).get((name, record.type))
        return set(record.values) <= recordsets.texts(held).keys()

    def _ours(self, wanted: Mapping[Key, set[str]]) -> dict[Key, set[str]]:
        """Return what is marked as ours, without what only another fleet still wants."""
        others = self.registry.without(self.tags).promised()
        return {
            key: digests - (others.get(key, set()) - wanted.get(key, set()))
            for key, digests in self.registry.promised(self.tags).items()
        }

    def _created(self, key: Key, now: Mapping[Key, set[str]]) -> set[str]:
        """Return what this run writes of what we want; what it merged for others is not ours."""
        new = now.get(key, set()).difference(self.sweep.there.get(key, ()))
        return new.intersection(self.sweep.wanted.get(key, ()))

    def _renewed(self, now: Mapping[Key, set[str]], new: Mapping[Key, set[str]]) -> Registry:
        """Return the registry with our marks of what is there by our hand."""
        rest = self.registry.without(self.tags)
        tag = self.tags[0] if self.tags else new_tag(self.claim.hosts, self.registry)
        marks: list[Mark] = []
        for key in self.sweep.ours.keys() | new.keys():
            kept = now.get(key, set()).intersection(self.sweep.ours.get(key, ()))
            marks += marks_for(tag, key, kept | new.get(key, set()))
        # A fleet that is known here stays so, or what was there before it would pass for its own.
        known = bool(marks or (self.tags and self.sweep.wanted))
        hosts = [Mark(tag, HOST, name) for name in self._anchors()] if known else []
        return Registry((*rest.marks, *hosts, *marks), rest.others)

    def _anchors(self) -> list[str]:
        """Return the hosts by which we know our marks again; as they are, while they serve."""
        known = {mark.name for mark in self.registry.marks if mark.type == HOST}
        listed = [name for name in self.claim.hosts if name in known]
        if len(listed) >= min(ANCHORS, len(self.claim.hosts)):
            return listed
        return [*dict.fromkeys((*listed, *self.claim.hosts))][:ANCHORS]
