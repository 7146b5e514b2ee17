"""
A zone's delegation: what its parent says of its servers, and whether these agree.

The parent's servers answer with a referral: the names of the zone's servers and, for those inside
the zone, their addresses (RFC 1034 section 4.2.1). The zone names its servers itself too. Resolvers
start from the first and may go on with the second (RFC 2181 section 5.4.1), so the two should be
the same; and a server that is named but does not have the zone is lame (RFC 1912 section 2.8).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from ..run.threads import in_parallel
from .query import WORKERS, Fault, Lame, Server, asked, first_answer

FAMILIES = (dns.rdatatype.A, dns.rdatatype.AAAA)


@dataclass(frozen=True)
class Delegation:
    """The names of a zone's servers, and the addresses that came with them."""

    names: tuple[dns.name.Name, ...]
    glue: Mapping[dns.name.Name, tuple[str, ...]] = field(default_factory=dict)


def referral(zone: dns.name.Name, above: Iterable[Server]) -> Delegation | None:
    """Return what a parent's servers say of a zone's servers, or None where they do not."""
    answer = first_answer(above, zone.to_text(omit_final_dot=True), "NS")
    if not answer or not (names := _names(zone, answer)):
        return None
    return Delegation(names, {name: _glue(name, answer) for name in names})


def disagreements(zone: str, servers: Collection[Server]) -> Iterator[str]:
    """Yield what a zone's servers say of themselves that its parent does not, as sentences."""
    said = dict(
        zip(servers, in_parallel(lambda one: _said(zone, one), servers, WORKERS), strict=True)
    )
    for server, found in said.items():
        if isinstance(found, Lame):
            yield (
                f"{zone}: it is delegated to {server}, which does not serve it ({found}); load the "
                "zone there, or take it out of the delegation"
            )
    own = {name for found in said.values() if not isinstance(found, Fault) for name in found}
    delegated = {server.name.lower() for server in servers}
    if own and own != delegated:
        yield (
            f"{zone}: it is delegated to {_joined(delegated)}, while its own NS records name "
            f"{_joined(own)}; make them the same"
        )


def _said(zone: str, server: Server) -> frozenset[str] | Fault:
    """Return the names of a zone's servers by one of them, or why it does not tell."""
    try:
        answer = asked(server, zone, "NS")
    except Fault as fault:
        return fault
    if not answer.flags & dns.flags.AA:
        return Lame("not authoritative")
    names = _names(dns.name.from_text(zone), answer)
    return frozenset(name.to_text(omit_final_dot=True).lower() for name in names)


def _names(zone: dns.name.Name, answer: dns.message.Message) -> tuple[dns.name.Name, ...]:
    """Return a zone's servers by a referral, or by a server that has the zone itself."""
    rrsets = (*answer.authority, *answer.answer)
    found = (rrset for rrset in rrsets if rrset.rdtype == dns.rdatatype.NS and rrset.name == zone)
    return tuple(sorted({record.target for rrset in found for record in rrset}))


def _glue(name: dns.name.Name, answer: dns.message.Message) -> tuple[str, ...]:
    found = (r for r in answer.additional if r.rdtype in FAMILIES and r.name == name)
    return tuple(record.address for rrset in found for record in rrset)


def _joined(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
