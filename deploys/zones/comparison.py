"""
Comparison of a provider's view of a zone with the answers of its name servers.

A provider's class may skip records that name servers answer with, such as the SPF and DMARC types
of OVH's panel, which are served as TXT. A second policy beside such a record makes both invalid. So
before the first record of ours of a kind goes to a name, name servers are asked what they have.

The servers of the delegation are asked. If these are others than the provider's, or there is no
delegation yet, the servers that the provider names are asked. Servers that do not answer stop
nothing. An answer that a wildcard gives is no record of the name (RFC 4592).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import dns.flags
import dns.name
import dns.rdata
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT
from octodns.record import Record
from octodns.zone import Zone

from ..dns.authority import ServersOf
from ..dns.query import WORKERS, Server, first_response
from ..mail.errors import MailError
from ..mail.records import MailRecord
from ..run.threads import in_parallel
from .merge.kinds import kind
from .merge.record_types import added
from .model import recordsets
from .plan import ZonePlan
from .propagation.delegation import require_delegation
from .propagation.poll import comparable, readings

Values = tuple[dns.rdata.Rdata, ...]
FEW = 2  # of the servers that a provider names
AGREE = (
    "publish that record through the provider, or remove it; if it was removed just now, run again "
    "when the name servers no longer answer with it"
)


@dataclass(frozen=True)
class ZoneComparison:
    """The comparison of a plan: each hidden record with both views, and a note."""

    plan: ZonePlan
    hidden: tuple[str, ...] = ()
    note: str = ""

    def require_all_shown(self) -> None:
        """Raise MailError if name servers answer with records that the provider does not show."""
        if self.hidden:
            raise MailError(
                f"{self.plan.zone}: {'; '.join(self.hidden)}; so a record of ours would be a "
                f"second one, and nothing was written there; {self.plan.provider.advice or AGREE}"
            )


def comparisons(
    plans: Iterable[tuple[ZonePlan, Collection[MailRecord]]],
    servers_of: ServersOf,
    server_named: ServersOf,
) -> list[ZoneComparison]:
    """
    Return the comparison of each plan, and of the records that it is for, in their order.

    The functions find the servers of a zone's delegation, and the addresses of a server's name.
    """

    def compare(one: tuple[ZonePlan, Collection[MailRecord]]) -> ZoneComparison:
        planned, records = one
        first = list(_first_of_their_kind(planned, records))
        asked = _servers(planned, servers_of, server_named) if first else ()
        return _comparison(planned, first, asked) if asked else ZoneComparison(planned)

    return in_parallel(compare, plans, WORKERS)


def _comparison(
    planned: ZonePlan, first: Collection[MailRecord], asked: Collection[Server]
) -> ZoneComparison:
    found = in_parallel(lambda record: _hidden(planned, record, asked), first, WORKERS)
    pairs = zip(first, found, strict=True)
    hidden = (_both_views(planned, record, values) for record, values in pairs if values)
    note = (
        f"{planned.zone}: its name servers do not answer, so the plan is made without records that "
        f"{planned.provider.name} may not show"
    )
    return ZoneComparison(planned, tuple(dict.fromkeys(hidden)), note if None in found else "")


def _servers(
    planned: ZonePlan, servers_of: ServersOf, server_named: ServersOf
) -> tuple[Server, ...]:
    """Return the servers that the provider has the zone for, delegated or not."""
    published = planned.published
    try:
        delegated = servers_of(planned.zone)
        require_delegation(published, delegated)
    except MailError:  # another step reports it
        found = in_parallel(server_named, sorted(published.name_servers)[:FEW])
        return tuple(server for each in found for server in each)
    return delegated


def _first_of_their_kind(planned: ZonePlan, records: Iterable[MailRecord]) -> Iterator[MailRecord]:
    """Yield the records that a plan writes where the provider shows none of their kind."""
    written = {(change.name, change.type) for change in planned.changes if change.desired}
    for record in records:
        shown = recordsets.texts(_record_set(planned.existing, record))
        if (record.name, record.type) in written and not any(
            _is_alike(record, text) for text in shown
        ):
            yield record


def _is_alike(record: MailRecord, text: str) -> bool:
    return kind(record) is kind(replace(record, values=(text,)))


def _hidden(planned: ZonePlan, record: MailRecord, asked: Collection[Server]) -> Values | None:
    """Return the records that hinder one of ours and are not shown; None without an answer."""
    answered = _served(asked, record.name, record)
    if answered is None:
        return None
    desired = _record_set(planned.desired, record)
    texts = recordsets.record_set(desired).values if desired else ()
    known = {
        reading
        for text in texts
        for reading in readings(dns.rdata.from_text("IN", record.type, text))
    }
    unknown = tuple(one for one in answered if comparable(one) not in known)
    if not unknown:
        return ()
    stars = in_parallel(
        lambda star: _served(asked, star, record), _wildcards(record.name, planned.zone)
    )
    synthesized = {comparable(one) for values in stars for one in values or ()}
    return tuple(one for one in unknown if comparable(one) not in synthesized)


def _served(asked: Collection[Server], name: str, record: MailRecord) -> Values | None:
    """Return the records like ours, or the CNAME, that name servers answer with at a name."""
    answer = first_response(asked, name, record.type)
    if answer is None:
        return None
    if not answer.flags & dns.flags.AA:
        return ()
    owner = dns.name.from_text(name)
    types = {dns.rdatatype.from_text(record.type), dns.rdatatype.CNAME}
    sets = (one for one in answer.answer if one.name == owner and one.rdtype in types)
    return tuple(one for rrset in sets for one in rrset if _hinders(record, one))


def _hinders(record: MailRecord, rdata: dns.rdata.Rdata) -> bool:
    if not isinstance(rdata, TXT):
        return True
    if kind(record).join is added:  # any number of these may be at a name
        return False
    return _is_alike(record, b"".join(rdata.strings).decode(errors="replace"))


def _wildcards(name: str, zone: str) -> Iterator[str]:
    while name != zone:
        name = name.partition(".")[2]
        yield f"*.{name}"


def _both_views(planned: ZonePlan, record: MailRecord, values: Values) -> str:
    types = [dns.rdatatype.to_text(one.rdtype) for one in values]
    served = ", ".join(f"{kind} {one.to_text()}" for kind, one in zip(types, values, strict=True))
    existing = _record_set(planned.existing, record)
    shown = ", ".join(recordsets.record_set(existing).values) if existing else f"no {types[0]}"
    return (
        f"name servers answer at {record.name} with {served}, but {planned.provider.name} shows "
        f"{shown} there"
    )


def _record_set(zone: Zone, record: MailRecord) -> Record | None:
    key = zone.hostname_from_fqdn(f"{record.name}."), record.type
    return recordsets.sets(zone).get(key)
