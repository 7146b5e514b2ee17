"""
Desired zone: the existing zone without stale records, with each record of ours merged into it.

Others' values at a name of ours stay. A record set that exists keeps its TTL; a new one gets the
TTL of the settings, or the provider's minimum if that is higher.
"""

from collections.abc import Iterator

from octodns.zone import Zone

from ..dns.lookups import no_lookup
from ..mail.errors import MailError
from ..mail.records import MailRecord
from ..mail.spf_cost import SpfLookup
from .merge.kinds import kind, merged
from .merge.record_types import Merged
from .model import recordsets
from .model.changes import ExpectedAnswer, RecordChange, listed
from .model.recordsets import RecordKey
from .providers.capabilities import unsupported
from .providers.provider import Provider


class DesiredZone:
    """A zone, the answers that are expected of it, and notes for the operator."""

    def __init__(
        self, provider: Provider, existing: Zone, start: Zone, lookup: SpfLookup = no_lookup
    ) -> None:
        self.provider = provider
        self.existing = existing
        self.zone = start.copy()
        self.expected: list[ExpectedAnswer] = []
        self.notes: list[str] = []
        self._others_lookup = lookup
        self._before = recordsets.sets(existing)
        self._sets = recordsets.sets(start)
        self._whys: dict[RecordKey, list[str]] = {}
        self._raised: list[str] = []

    def add(self, record: MailRecord) -> None:
        """Merge a record into the zone; raise MailError on a conflict."""
        key = self.zone.hostname_from_fqdn(f"{record.name}."), record.type
        obstacle = self._obstacle(*key)
        if obstacle and kind(record).optional:
            return
        if obstacle:
            raise MailError(f"{record.name} needs a record of type {record.type}, but {obstacle}")
        if note := unsupported(self.provider, record):
            self._note(note)
        else:
            self._join(key, record)

    def changes(self) -> Iterator[RecordChange]:
        """Yield the changes that make the existing zone the desired one."""
        differing = self.existing.changes(self.zone, self.provider.octodns)
        by_key = {recordsets.key(change.record): change for change in differing}
        for key, whys in self._whys.items():
            if key in by_key:
                yield recordsets.change(self._before.get(key), self._sets[key], "; ".join(whys))

    def _join(self, key: RecordKey, record: MailRecord) -> None:
        found = self._sets.get(key)
        values = recordsets.texts(found)
        result = merged(record, tuple(values))
        if not result.ours:
            self._note(f"{record.type} {record.name}: {result.note}" if result.note else "")
            return
        known = [values[text] for text in (*result.kept, *result.ours) if text in values]
        unknown = [text for text in result.ours if text not in values]
        remark = kind(record).limits(record, result, self._lookup) if unknown else ""
        fresh = recordsets.new_values(self.zone, key, unknown) if unknown else []
        known_set = found or self._before.get(key)
        ttl = known_set.ttl if known_set else self._new_ttl(record)
        shared = found if result.kept else None
        self._sets[key] = recordsets.new_record(self.zone, key, ttl, [*known, *fresh], shared)
        self.zone.add_record(self._sets[key], replace=True, lenient=True)
        self._whys.setdefault(key, []).extend(filter(None, (record.why, result.note, remark)))
        before = tuple(recordsets.texts(self._before.get(key)))
        self.expected.append(_expected(record, result, before))

    def _new_ttl(self, record: MailRecord) -> int:
        minimum = self.provider.minimum_ttl
        if record.ttl < minimum:
            self._raised.append(f"{record.type} {record.name} ({record.ttl} s)")
        return max(record.ttl, minimum)

    def raised_ttls(self) -> Iterator[str]:
        """Yield a sentence if new record sets get a higher TTL than planned."""
        if self._raised:
            yield (
                f"{self.provider.name} allows no TTL below {self.provider.minimum_ttl} s, so these "
                f"get it: {listed(self._raised)}"
            )

    def _note(self, sentence: str) -> None:
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)

    def _lookup(self, name: str, record_type: str) -> tuple[str, ...] | None:
        """Return the values of a name: in this zone as desired, elsewhere as in the DNS."""
        inside = f".{name}.".endswith(f".{self.zone.name}")
        record = self._sets.get((self.zone.hostname_from_fqdn(f"{name}."), record_type))
        if inside and record:
            return tuple(recordsets.texts(record))
        return self._others_lookup(name, record_type)

    def _obstacle(self, name: str, record_type: str) -> str | None:
        """Return why a name cannot have a record, or why no resolver would find the record."""
        zone = self.zone.name.rstrip(".")
        others = {other for at, other in self._sets if at == name} - {record_type}
        if "CNAME" in others:
            return (
                "the name is a CNAME, which allows no other records (RFC 1034 section 3.6.2); "
                "remove the CNAME"
            )
        if record_type == "CNAME" and others:
            return (
                f"the name has {', '.join(sorted(others))}, and a CNAME allows no other records "
                "(RFC 1034 section 3.6.2); remove them"
            )
        labels = name.split(".") if name else []
        for cut in (".".join(labels[i:]) for i in range(len(labels))):
            if (cut, "NS") in self._sets:
                return f"{cut}.{zone} is a delegated zone; publish the record in that zone"
        return None


def _expected(record: MailRecord, result: Merged, existing: tuple[str, ...]) -> ExpectedAnswer:
    gone = (text for text in existing if text not in (*result.ours, *result.kept))
    present, absent = (
        tuple(recordsets.rdata(record.type, text) for text in values)
        for values in (result.ours, gone)
    )
    return ExpectedAnswer(record.name, record.type, present, absent)
