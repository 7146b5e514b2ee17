"""
Delegation of a zone: the servers that its parent names, and those that the zone itself names.

The parent's servers answer with a referral: the names of the zone's servers and, for those inside
the zone, their addresses (RFC 1034 section 4.2.1). The zone names its servers itself too. Resolvers
start from the first and may go on with the second (RFC 2181 section 5.4.1), so the two should be
the same; and a server that is named but does not have the zone is lame (RFC 1912 section 2.8).
"""

from collections.abc import Collection, Iterable, Iterator

import dns.message
import dns.name
import dns.rdatatype

from ..run.threads import in_parallel
from .answer import Delegation, plain_name
from .query import WORKERS, Fault, Lame, Server, authoritative, first_response

FAMILIES = (dns.rdatatype.A, dns.rdatatype.AAAA)


def referral(zone: str, above: Iterable[Server]) -> Delegation | None:
    """Return the delegation of a zone by its parent's servers, or None if they have none."""
    answer = first_response(above, zone, "NS")
    if not answer or not (names := _names(zone, answer)):
        return None
    return Delegation(zone, names, {name: _glue(name, answer) for name in names})


def disagreements(zone: str, servers: Collection[Server]) -> Iterator[str]:
    """Yield the differences between a zone's delegation and its own NS records, as sentences."""
    answers = in_parallel(lambda one: _own_names(zone, one), servers, WORKERS)
    by_server = dict(zip(servers, answers, strict=True))
    for server, answer in by_server.items():
        if isinstance(answer, Lame):
            yield (
                f"{zone}: it is delegated to {server}, which does not serve it ({answer}); load "
                "the zone there, or remove the server from the delegation"
            )
    own = {name for answer in answers if not isinstance(answer, Fault) for name in answer}
    delegated = {server.name.lower() for server in servers}
    if own and own != delegated:
        yield (
            f"{zone}: it is delegated to {_joined(delegated)}, while its own NS records name "
            f"{_joined(own)}; make them the same"
        )


def _own_names(zone: str, server: Server) -> tuple[str, ...] | Fault:
    try:
        return _names(zone, authoritative(server, zone, "NS"))
    except Fault as fault:
        return fault


def _names(zone: str, answer: dns.message.Message) -> tuple[str, ...]:
    """Return a zone's servers by a referral, or by a server that has the zone itself."""
    owner = dns.name.from_text(zone)
    rrsets = (*answer.authority, *answer.answer)
    found = (rrset for rrset in rrsets if rrset.rdtype == dns.rdatatype.NS and rrset.name == owner)
    return tuple(sorted({plain_name(record.target).lower() for rrset in found for record in rrset}))


def _glue(name: str, answer: dns.message.Message) -> tuple[str, ...]:
    owner = dns.name.from_text(name)
    found = (r for r in answer.additional if r.rdtype in FAMILIES and r.name == owner)
    return tuple(record.address for rrset in found for record in rrset)


def _joined(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
