"""
Who answers for a zone.

The servers that its parent delegates it to, at all their addresses (RFC 1034 section 4.2): each has
a copy of the zone, every resolver of the world starts from them, and a record is published when all
of them have it, whatever the zone's own NS records or its provider say. The parent's servers are
asked directly: a resolver would remember for minutes that something is not there yet (RFC 2308). It
is asked only for what has been there for long: zones further up, and where name servers are.
"""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.flags
import dns.name
import dns.rdatatype
import dns.resolver

from ..mail.errors import MailError
from ..run.threads import in_parallel
from .delegation import FAMILIES, Delegation, referral
from .query import WORKERS, Server, first_answer, one_line

REGISTERED = 2  # labels of a domain as it is registered, which is there before anything of ours


def resolver(addresses: Collection[IPv4Address | IPv6Address | str]) -> dns.resolver.Resolver:
    """Return a resolver that asks these addresses, or the system's own where there are none."""
    try:
        made = dns.resolver.Resolver(configure=not addresses)
    except dns.resolver.NoResolverConfiguration:
        raise MailError("this machine has no resolver; name some in mail_resolvers") from None
    if addresses:
        made.nameservers = [str(address) for address in addresses]
    # Where a zone's signatures are broken, its servers are to be found all the same.
    made.set_flags(dns.flags.RD | dns.flags.CD)
    made.cache = dns.resolver.LRUCache()  # many zones have one parent and the same servers
    return made


def servers(zone: str, ask: dns.resolver.Resolver) -> tuple[Server, ...]:
    """Return every server that a zone is delegated to, at every address."""
    found = _delegation(dns.name.from_text(zone), ask)
    lookups = [(name, family) for name in found.names for family in FAMILIES]
    known = in_parallel(lambda one: list(_located(one[0], one[1], ask)), lookups, WORKERS)
    given = (
        _server(name, address, ask) for name in found.names for address in found.glue.get(name, ())
    )
    reached = dict.fromkeys([*(server for several in known for server in several), *given])
    if not reached:
        names = " ".join(map(str, found.names))
        raise MailError(f"{zone}: none of its name servers {names} is found")
    return tuple(reached)


def zone_of(name: str, ask: dns.resolver.Resolver) -> str:
    """Return the zone that a name is in, or would be in; raise MailError where none is found."""
    full = dns.name.from_text(name)
    try:
        zone = dns.resolver.zone_for_name(full.split(REGISTERED + 1)[1], resolver=ask)
    except dns.exception.DNSException as error:
        raise MailError(
            f"{name}: its zone cannot be found ({_reason(error)}); see that the domain is "
            "delegated, and that mail_resolvers answer"
        ) from None
    for _ in full.labels:
        deeper = _deeper(full, zone, ask)
        if deeper is None:
            break
        zone = deeper
    return zone.to_text(omit_final_dot=True)


def _deeper(
    name: dns.name.Name, zone: dns.name.Name, ask: dns.resolver.Resolver
) -> dns.name.Name | None:
    """Return the zone further down that a zone's servers have or refer to for a name, or None."""
    above = servers(zone.to_text(omit_final_dot=True), ask)
    answer = first_answer(above, name.to_text(omit_final_dot=True), "SOA")
    rrsets = (*answer.answer, *answer.authority) if answer else ()
    marks = (dns.rdatatype.SOA, dns.rdatatype.NS)
    owners = (rrset.name for rrset in rrsets if rrset.rdtype in marks)
    return next((owner for owner in owners if _between(name, owner, zone)), None)


def _between(name: dns.name.Name, owner: dns.name.Name, zone: dns.name.Name) -> bool:
    return name.is_subdomain(owner) and owner.is_subdomain(zone) and owner != zone


def _delegation(zone: dns.name.Name, ask: dns.resolver.Resolver) -> Delegation:
    try:
        parent = dns.resolver.zone_for_name(zone.parent(), resolver=ask)
        found = referral(zone, _located_servers(parent, ask))
    except dns.exception.DNSException:
        found = None
    # Some may ask nobody but their resolver, or have zones that nobody else knows of.
    return found or _resolved(zone, ask)


def _resolved(zone: dns.name.Name, ask: dns.resolver.Resolver) -> Delegation:
    try:
        answer = ask.resolve(zone, "NS")
    except dns.exception.DNSException as error:
        raise MailError(
            f"{zone.to_text(omit_final_dot=True)}: its name servers cannot be found "
            f"({_reason(error)}); delegate the zone to its provider's name servers, or correct "
            "mail_resolvers"
        ) from None
    return Delegation(tuple(sorted(record.target for record in answer)))


def _located_servers(zone: dns.name.Name, ask: dns.resolver.Resolver) -> Iterator[Server]:
    """Yield a zone's servers by what the resolver knows, one look-up after the other."""
    for record in ask.resolve(zone, "NS"):
        for family in FAMILIES:
            yield from _located(record.target, family, ask)


def _located(
    name: dns.name.Name, family: dns.rdatatype.RdataType, ask: dns.resolver.Resolver
) -> Iterator[Server]:
    try:
        answer = ask.resolve(name, family)
    except dns.exception.DNSException:
        return  # a server without that family, or one whose name leads nowhere
    for record in answer:
        yield _server(name, record.address, ask)


def _server(name: dns.name.Name, address: str, ask: dns.resolver.Resolver) -> Server:
    return Server(name.to_text(omit_final_dot=True), address, ask.port)


def _reason(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.exception.Timeout):
        return "no resolver answers"
    if isinstance(error, dns.resolver.NXDOMAIN | dns.resolver.NoAnswer):
        return "the DNS does not know the zone"
    return one_line(error)
