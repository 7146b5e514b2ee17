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
from ..mail.spf_evaluation import SpfLookup
from .merge.coexistence import obstacle
from .merge.kinds import kind, merged
from .merge.record_types import Merged, Surroundings
from .merge.txt import requested_reports
from .model import recordsets
from .model.changes import ExpectedAnswer, RecordChange, listed
from .model.recordsets import RecordKey
from .providers.capabilities import unsupported
from .providers.provider import Provider

# Types that say nothing about the other types of their name, as an alias or a delegation does.
PLAIN = frozenset({"A", "AAAA", "CAA", "MX", "SRV", "SSHFP", "TLSA", "TXT"})


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
        self._lowest_ttl = provider.lowest_ttl(existing.name.rstrip("."))

    def add(self, record: MailRecord) -> None:
        """Merge a record into the zone; raise MailError on a conflict."""
        key = self.zone.hostname_from_fqdn(f"{record.name}."), record.type
        found = obstacle(self._sets, self.zone.name.rstrip("."), *key)
        if found and kind(record).optional:
            if reports := requested_reports(record):
                self._note(f"{listed(reports)} gets no reports by {record.name}: {found}")
            return
        if found:
            raise MailError(f"{record.name} needs a record of type {record.type}, but {found}")
        if note := unsupported(self.provider, self.zone, record):
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
        result = merged(record, tuple(values), Surroundings(self._texts_before, self._existed))
        if not result.ours:
            self._note(f"{record.type} {record.name}: {result.note}" if result.note else "")
            return
        known = [values[text] for text in (*result.kept, *result.ours) if text in values]
        unknown = [text for text in result.ours if text not in values]
        check = kind(record).limits if unknown else kind(record).faults
        remark = check(record, result, self._lookup)
        if not unknown:
            self._note(f"{record.type} {record.name}: {remark}" if remark else "")
        fresh = recordsets.new_values(self.zone, key, unknown) if unknown else []
        known_set = found or self._before.get(key)
        ttl = known_set.ttl if known_set else self._new_ttl(record)
        self._sets[key] = recordsets.new_record(self.zone, key, ttl, [*known, *fresh], found)
        self.zone.add_record(self._sets[key], replace=True, lenient=True)
        self._whys.setdefault(key, []).extend(filter(None, (record.why, result.note, remark)))
        before = tuple(recordsets.texts(self._before.get(key)))
        self.expected.append(_expected(record, result, before))

    def _texts_before(self, name: str) -> tuple[str, ...] | None:
        """Return the TXT values of a name as they exist, outside of the zone by the DNS."""
        relative = self.zone.hostname_from_fqdn(f"{name}.")
        inside = f".{name}.".endswith(f".{self.zone.name}")
        if inside and (relative, "CNAME") not in self._before:
            return tuple(recordsets.texts(self._before.get((relative, "TXT"))))
        # A top-level domain is not asked about at every new zone: hardly one has a policy.
        return self._others_lookup(name, "TXT") if name.count(".") > 1 else ()

    def _existed(self, name: str) -> bool:
        """Tell whether a name of the zone, or one below it, has records before the run."""
        relative = self.zone.hostname_from_fqdn(f"{name}.")
        return not relative or any(f".{at}".endswith(f".{relative}") for at, _ in self._before)

    def _new_ttl(self, record: MailRecord) -> int:
        minimum = self._lowest_ttl
        if record.ttl < minimum:
            self._raised.append(f"{record.type} {record.name} ({record.ttl} s)")
        return max(record.ttl, minimum)

    def raised_ttls(self) -> Iterator[str]:
        """Yield a sentence if new record sets get a higher TTL than planned."""
        if self._raised:
            yield (
                f"{self.provider.name} allows no TTL below {self._lowest_ttl} s, so these "
                f"get it: {listed(self._raised)}"
            )

    def _note(self, sentence: str) -> None:
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)

    def _lookup(self, name: str, record_type: str) -> tuple[str, ...] | None:
        """Return the values of a name: in this zone as desired, elsewhere as in the DNS."""
        if not f".{name}.".endswith(f".{self.zone.name}"):
            return self._others_lookup(name, record_type)
        relative = self.zone.hostname_from_fqdn(f"{name}.")
        types = {known for at, known in self._sets if at == relative}
        if record_type in types:
            return tuple(recordsets.texts(self._sets[relative, record_type]))
        # A resolver that is asked for a new name would remember that it does not exist.
        return () if types and types <= PLAIN else self._others_lookup(name, record_type)


def _expected(record: MailRecord, result: Merged, existing: tuple[str, ...]) -> ExpectedAnswer:
    gone = (text for text in existing if text not in (*result.ours, *result.kept))
    present, absent = (
        tuple(recordsets.rdata(record.type, text) for text in values)
        for values in (result.ours, gone)
    )
    return ExpectedAnswer(record.name, record.type, present, absent)
