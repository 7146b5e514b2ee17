"""
The zone that is desired, while it is being made.

It starts as what exists, less what is ours and has had its day, and each record of ours is merged
into it. What others hold at a name of ours stays, by value and, where a set is shared, with its
time to live.
"""

from collections.abc import Iterator

from octodns.zone import Zone

from ..dns.lookups import nobody
from ..mail.errors import MailError
from ..mail.records import MailRecord
from ..mail.spf_cost import Lookup
from .merge.kinds import kind, merged
from .merge.rules import Merged
from .model import recordsets
from .model.changes import ExpectedAnswer, RecordChange
from .model.recordsets import Key
from .providers.capabilities import unheld
from .providers.provider import Provider


class Draft:
    """A zone's desired state in the making."""

    def __init__(
        self, provider: Provider, existing: Zone, start: Zone, lookup: Lookup = nobody
    ) -> None:
        self.provider = provider
        self.existing = existing
        self.desired = start.copy()
        self.expected: list[ExpectedAnswer] = []
        self.notes: list[str] = []
        self._ask = lookup
        self._before = recordsets.sets(existing)
        self._sets = recordsets.sets(start)
        self._whys: dict[Key, list[str]] = {}

    def add(self, record: MailRecord) -> None:
        """Merge a record into the zone; raise MailError where it cannot be without harm."""
        key = self.desired.hostname_from_fqdn(f"{record.name}."), record.type
        obstacle = self._obstacle(*key)
        if obstacle and kind(record).optional:
            return
        if obstacle:
            raise MailError(f"{record.name} needs a record of type {record.type}, but {obstacle}")
        if note := unheld(self.provider, record):
            self._note(note)
        else:
            self._join(key, record)

    def changes(self) -> Iterator[RecordChange]:
        """Yield what differs from the zone that exists."""
        differing = self.existing.changes(self.desired, self.provider.octodns)
        by_key = {recordsets.key(change.record): change for change in differing}
        for key, whys in self._whys.items():
            if key in by_key:
                yield recordsets.change(self._before.get(key), self._sets[key], "; ".join(whys))

    def _join(self, key: Key, record: MailRecord) -> None:
        found = self._sets.get(key)
        values = recordsets.texts(found)
        result = merged(record, tuple(values))
        if not result.ours:
            self._note(f"{record.type} {record.name}: {result.note}" if result.note else "")
            return
        known = [values[text] for text in (*result.kept, *result.ours) if text in values]
        unknown = [text for text in result.ours if text not in values]
        remark = kind(record).limits(record, result, self._lookup) if unknown else ""
        fresh = recordsets.new_values(self.desired, key, unknown) if unknown else []
        keeps_ttl = result.kept or kind(record).optional
        ttl = found.ttl if found and keeps_ttl else record.ttl
        shared = found if result.kept else None
        self._sets[key] = recordsets.new_record(self.desired, key, ttl, [*known, *fresh], shared)
        self.desired.add_record(self._sets[key], replace=True, lenient=True)
        self._whys.setdefault(key, []).extend(filter(None, (record.why, result.note, remark)))
        before = tuple(recordsets.texts(self._before.get(key)))
        self.expected.append(_expected(record, result, before))

    def _note(self, sentence: str) -> None:
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)

    def _lookup(self, name: str, record_type: str) -> tuple[str, ...] | None:
        """Return what a name holds: here as it shall be, elsewhere as the DNS says."""
        here = f".{name}.".endswith(f".{self.desired.name}")
        held = self._sets.get((self.desired.hostname_from_fqdn(f"{name}."), record_type))
        return tuple(recordsets.texts(held)) if here and held else self._ask(name, record_type)

    def _obstacle(self, name: str, record_type: str) -> str | None:
        """Say what makes records at a name invisible or impossible."""
        zone = self.desired.name.rstrip(".")
        here = {held for at, held in self._sets if at == name}
        if "CNAME" in here - {record_type}:  # RFC 1034 section 3.6.2
            return "a CNAME is there, beside which nothing can be; take it out of the zone"
        if record_type == "CNAME" and (others := sorted(here - {record_type})):
            return f"{', '.join(others)} is there, beside which no CNAME can be; take it out"
        labels = name.split(".") if name else []
        for cut in (".".join(labels[i:]) for i in range(len(labels))):
            if (cut, "NS") in self._sets:
                return f"{cut}.{zone} is delegated away from {zone}; publish it in its own zone"
        return None


def _expected(record: MailRecord, result: Merged, existing: tuple[str, ...]) -> ExpectedAnswer:
    gone = (text for text in existing if text not in (*result.ours, *result.kept))
    present, absent = (
        tuple(recordsets.rdata(record.type, text) for text in values)
        for values in (result.ours, gone)
    )
    return ExpectedAnswer(record.name, record.type, present, absent)
