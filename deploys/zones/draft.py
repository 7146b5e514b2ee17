"""
The zone that is desired, while it is being made.

It starts as a copy of what exists, and each record of ours is merged into it. What others hold at
a name of ours stays, by value and, where a set is shared, with its time to live.
"""

from collections.abc import Iterator

from octodns.record import Record
from octodns.zone import Zone

from deploys.mail import dmarc
from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones import recordsets
from deploys.zones.changes import Change, Expected
from deploys.zones.holding import refuse_to_garble, unheld
from deploys.zones.merging import Merged, merged
from deploys.zones.provider import Provider
from deploys.zones.recordsets import Key


class Draft:
    """A zone's desired state in the making."""

    def __init__(self, provider: Provider, existing: Zone) -> None:
        self.provider = provider
        self.existing = existing
        self.desired = existing.copy()
        self.expected: list[Expected] = []
        self.notes: dict[str, None] = {}
        self._sets = recordsets.sets(existing)
        self._whys: dict[Key, list[str]] = {}

    def add(self, record: MailRecord) -> None:
        """Merge a record into the zone; raise MailError where it cannot be without harm."""
        key = self.desired.hostname_from_fqdn(f"{record.name}."), record.type
        obstacle = self._obstacle(key[0])
        if obstacle and any(map(dmarc.is_policy, record.values)):
            return  # whoever leads the name elsewhere has decided on the policy there
        if obstacle:
            raise MailError(f"{record.name} needs a record of type {record.type}, but {obstacle}")
        if note := unheld(self.provider, record):
            self.notes[note] = None
            return
        self._join(key, record)

    def changes(self) -> Iterator[Change]:
        """Yield what differs from the zone that exists."""
        before = recordsets.sets(self.existing)
        differing = self.existing.changes(self.desired, self.provider.octodns)
        by_key = {recordsets.key(change.record): change for change in differing}
        for key, whys in self._whys.items():
            if key in by_key:
                refuse_to_garble(self.provider, before.get(key), self._sets[key])
                yield _change(before.get(key), self._sets[key], "; ".join(whys))

    def _join(self, key: Key, record: MailRecord) -> None:
        found = self._sets.get(key)
        values = recordsets.texts(found)
        result = merged(record, tuple(values))
        if not result.ours:
            return
        known = [values[text] for text in (*result.kept, *result.ours) if text in values]
        unknown = [text for text in result.ours if text not in values]
        fresh = recordsets.new_values(self.desired, key, unknown) if unknown else []
        shared = found if result.kept else None
        ttl = shared.ttl if shared else record.ttl
        self._sets[key] = recordsets.new_record(self.desired, key, ttl, [*known, *fresh], shared)
        self.desired.add_record(self._sets[key], replace=True, lenient=True)
        self._whys.setdefault(key, []).append(record.why)
        self.expected.append(_expected(record, result, tuple(values)))

    def _obstacle(self, name: str) -> str | None:
        """Say what makes records at a name invisible or impossible."""
        zone = self.desired.name.rstrip(".")
        if (name, "CNAME") in self._sets:  # RFC 1034 section 3.6.2
            return "a CNAME is there, beside which nothing can be; take it out of the zone"
        labels = name.split(".") if name else []
        for cut in (".".join(labels[i:]) for i in range(len(labels))):
            if (cut, "NS") in self._sets:
                return f"{cut}.{zone} is delegated away from {zone}; publish it in its own zone"
        return None


def _change(existing: Record | None, desired: Record, why: str) -> Change:
    name, record_type = desired.fqdn.rstrip("."), recordsets.key(desired)[1]
    before = recordsets.record_set(existing) if existing else None
    return Change(name, record_type, before, recordsets.record_set(desired), why)


def _expected(record: MailRecord, result: Merged, existing: tuple[str, ...]) -> Expected:
    gone = (text for text in existing if text not in (*result.ours, *result.kept))
    present, absent = (
        tuple(recordsets.rdata(record.type, text) for text in values)
        for values in (result.ours, gone)
    )
    return Expected(record.name, record.type, present, absent)
