"""
Plan of a zone: existing, desired, changes.

octoDNS makes a zone exactly as it is given, and deletes the rest. So `desired` starts as a copy of
`existing` without stale records, and only record sets of ours are in the changes. The registry of
the zone lists them.
"""

from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import dataclass, replace

from octodns.record import Record
from octodns.zone import Zone

from ..dns.lookups import no_lookup
from ..mail.records import MailRecord
from ..mail.spf_evaluation import SpfLookup
from .desired import DesiredZone
from .inheritance import fitted
from .merge.record_types import addresses
from .model import recordsets
from .model.changes import ExpectedAnswer, RecordChange, outcome
from .model.recordsets import RecordKey
from .ownership.ownership import Ownership
from .ownership.scope import NO_FLEET, PlanScope
from .propagation.delegation import PublishedZone
from .providers.capabilities import refuse_altered_texts
from .providers.provider import Provider

# RFC 4592: a wildcard answers for every name below it that the zone does not hold. Our names are
# held; a key or policy that does not exist is answered from the wildcard.
WILDCARDS = {
    "MX": "mail for any name without an MX of its own goes there",
    "TXT": "receivers read it as the policy or key of any name that has none",
    "CNAME": "every name that does not exist leads there, also that of a missing policy or key",
}
OTHER_FAMILY = {"A": "AAAA", "AAAA": "A"}


@dataclass(frozen=True)
class ZonePlan:
    """
    The existing and the desired zone, and the changes between them.

    `expected` are the answers of its name servers afterwards; `notes` are for the operator.
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
        """The zone as its name servers answer once the plan is applied."""
        return PublishedZone(
            self.zone,
            self.provider.name,
            recordsets.name_servers(self.existing),
            self.changes,
            self.expected,
            by_hand=self.provider.by_hand,
        )


def plan(
    provider: Provider,
    zone: str,
    records: Iterable[MailRecord],
    scope: PlanScope = NO_FLEET,
    lookup: SpfLookup = no_lookup,
) -> ZonePlan:
    """Read a zone and compare it with the records that it needs; raise MailError on a conflict."""
    existing = provider.read(zone)
    fitting = fitted(existing, records, scope, visible=not provider.by_hand)
    valued = [record for record in fitting.records if record.values]
    ownership = Ownership(existing, valued, fitting.scope)
    desired = DesiredZone(provider, existing, ownership.without_stale(), lookup)
    for record in valued:
        desired.add(record)
    _refuse_other_family(desired.zone, valued, ownership.ours)
    changes = list(desired.changes())
    stale = list(ownership.stale_changes(desired.zone, changes))
    ownership.register(desired.zone)
    refuse_altered_texts(provider, existing, desired.zone)
    every = (*changes, *stale, *ownership.registry_changes(desired.zone))
    names = {record.name for record in fitting.records}
    wildcards = _wildcards(existing.records, names)
    notes = (
        *desired.notes,
        *fitting.notes,
        *desired.raised_ttls(),
        *wildcards,
        *ownership.edited(),
    )
    return ZonePlan(
        zone=zone,
        names=frozenset(names | {change.name for change in every}),
        provider=provider,
        existing=existing,
        desired=desired.zone,
        changes=every,
        expected=(*desired.expected, *map(outcome, stale)),
        notes=notes,
    )


def _refuse_other_family(
    desired: Zone, records: Collection[MailRecord], ours: Container[RecordKey]
) -> None:
    """Raise MailError for foreign addresses of a family in which a host has no address."""
    wanted = {(record.name, record.type) for record in records}
    sets = recordsets.sets(desired)
    for record in records:
        other = OTHER_FAMILY.get(record.type, "")
        key = desired.hostname_from_fqdn(f"{record.name}."), other
        if key in sets and (record.name, other) not in wanted and key not in ours:
            addresses(replace(record, type=other, values=()), tuple(recordsets.texts(sets[key])))


def _wildcards(records: Collection[Record], names: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each wildcard above a name of ours."""
    for record in sorted(records, key=recordsets.key):
        consequence = WILDCARDS.get(recordsets.key(record)[1])
        star, _, above = record.fqdn.rstrip(".").partition(".")
        if star == "*" and consequence and any(f".{name}".endswith(f".{above}") for name in names):
            values = ", ".join(recordsets.record_set(record).values)
            title = recordsets.title(record)
            yield f"{title} {values} is a wildcard: our records are not affected, but {consequence}"
