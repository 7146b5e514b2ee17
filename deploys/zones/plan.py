"""
A zone's plan: existing, desired, changes.

octoDNS makes a zone what it is told, and deletes what it was not told. So `desired` starts as a
copy of `existing`, less what is ours and wanted no more, and only record sets of ours are in the
changes. What is ours, the registry in the zone says.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from octodns.zone import Zone

from ..dns.lookups import nobody
from ..mail.records import MailRecord
from ..mail.spf_cost import Lookup
from .desired import Draft
from .merge.wildcards import remarks
from .model.changes import ExpectedAnswer, RecordChange, outcome
from .ownership.plan import Marking
from .ownership.scope import NOBODY, Claim
from .propagation.delegation import PublishedZone
from .providers.capabilities import refuse_to_garble
from .providers.provider import Provider


@dataclass(frozen=True)
class ZonePlan:
    """
    What a zone is and what it shall be.

    `expected` is what its name servers answer then, `notes` is what the operator should know.
    """

    zone: str
    names: frozenset[str]
    provider: Provider
    existing: Zone
    desired: Zone
    changes: tuple[RecordChange, ...]
    expected: tuple[ExpectedAnswer, ...]
    notes: tuple[str, ...] = ()

    @property
    def published(self) -> PublishedZone:
        """What the zone's name servers are to answer with once the plan is applied."""
        root = self.existing.root_ns
        names = frozenset(name.rstrip(".").lower() for name in root.values) if root else frozenset()
        return PublishedZone(self.zone, self.provider.name, names, self.changes, self.expected)


def plan(
    provider: Provider,
    zone: str,
    records: Iterable[MailRecord],
    claim: Claim = NOBODY,
    lookup: Lookup = nobody,
) -> ZonePlan:
    """Read a zone and compare it with the records it shall hold; raise MailError on a conflict."""
    records = tuple(records)
    existing = provider.read(zone)
    marking = Marking(existing, records, claim)
    draft = Draft(provider, existing, marking.sweep.swept(existing), lookup)
    for record in records:
        draft.add(record)
    changes = list(draft.changes())
    gone = list(marking.gone(draft.desired, changes))
    marking.mark(draft.desired)
    refuse_to_garble(provider, existing, draft.desired)
    marks = list(marking.marks(draft.desired))
    every = (*changes, *gone, *marks)
    names = {record.name for record in records}
    return ZonePlan(
        zone=zone,
        names=frozenset(names | {change.name for change in every}),
        provider=provider,
        existing=existing,
        desired=draft.desired,
        changes=every,
        expected=(*draft.expected, *map(outcome, gone)),
        notes=(
            *draft.notes,
            *remarks(existing.records, names),
            *marking.sweep.changed(existing),
        ),
    )
