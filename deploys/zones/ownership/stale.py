"""
What has had its day: ours by the registry, as we wrote it, and wanted by nothing any more.

It goes: a record set, a value among those of others, terms of an SPF policy. What somebody has
changed since is theirs. Nothing goes while a mail host is out of the run or has not told its facts,
as nobody can know then what it needs.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from octodns.zone import Zone

from ..model import recordsets
from ..model.recordsets import Key, title
from .digests import SPF, Digests, labels, left
from .scope import Claim


@dataclass(frozen=True)
class Sweep:
    """What of a zone is ours, there, and wanted, as digests by name and label."""

    claim: Claim
    spared: Collection[str]
    ours: Digests
    there: Digests
    wanted: Digests

    def swept(self, existing: Zone) -> Zone:
        """Return a zone without what has had its day."""
        zone = existing.copy()
        for (name, record_type), record in recordsets.sets(existing).items():
            stale = {(name, label): self._stale((name, label)) for label in labels(record_type)}
            if not any(stale.values()):
                continue
            values = left(zone, record, stale, self.ours)
            zone.remove_record(record)
            if values:
                key = (name, record_type)
                left_over = recordsets.new_record(zone, key, record.ttl, values, record)
                zone.add_record(left_over, lenient=True)
        return zone

    def changed(self, existing: Zone) -> Iterator[str]:
        """Yield a sentence for each record set of ours that stays as somebody has changed it."""
        held = recordsets.sets(existing)
        for (name, label), digests in sorted(self.ours.items()):
            record = held.get((name, "TXT" if label == SPF else label))
            unwanted = self._may_go((name, label)) and (name, label) not in self.wanted
            if unwanted and record and set(digests) - set(self.there.get((name, label), ())):
                zone = existing.name.rstrip(".")
                yield (
                    f"{zone}: nothing in the inventory needs {title(record)} any more, but "
                    "somebody has changed it since we wrote it; what is theirs stays"
                )

    def _stale(self, key: Key) -> set[str]:
        if not self._may_go(key):
            return set()
        ours = set(self.ours.get(key, ())) & set(self.there.get(key, ()))
        return ours - set(self.wanted.get(key, ()))

    def _may_go(self, key: Key) -> bool:
        """Tell whether it is known all that could be wanted there."""
        return self.claim.whole and key[0] not in self.spared
