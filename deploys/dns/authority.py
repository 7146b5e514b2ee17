"""
Zone of a name, and the authoritative servers of a zone.

These are the servers that a zone's parent delegates it to, at all their addresses (RFC 1034 section
4.2). Every resolver of the world starts from them. A record is published when all of them have it;
the zone's own NS records and its provider do not matter. The parent's servers are asked directly: a
resolver would remember for minutes that a name does not exist yet (RFC 2308). A resolver is asked
only for names that have long existed: zones further up, and the addresses of name servers.
"""

from collections.abc import Callable, Collection, Iterator
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.flags
import dns.name
import dns.rdatatype
import dns.resolver

from ..mail.errors import MailError, UnansweredError
from ..run.threads import in_parallel
from .answer import Delegation, one_line, plain_name
from .delegation import FAMILIES, referral
from .query import PAYLOAD, WORKERS, Server, first_response

Addresses = Collection[IPv4Address | IPv6Address | str]
ServersOf = Callable[[str], tuple[Server, ...]]
REGISTERED = 2  # labels of a domain as it is registered, which exists before our records do
TRY, LIFETIME = 2.0, 6.0  # seconds for one try with a resolver, and for all of them


class NoZoneError(UnansweredError):
    """Names whose zone no resolver finds, all for the same reason."""

    def __init__(self, names: Collection[str], reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"{', '.join(names)}: {'its' if len(names) == 1 else 'their'} zone cannot be found "
            f"({reason}); see that the domain is delegated, and that mail_resolvers answer"
        )


def resolver_at(addresses: Addresses, port: int = 53) -> dns.resolver.Resolver:
    """Return a resolver that asks these addresses, or the system's own if there are none."""
    try:
        resolver = dns.resolver.Resolver(configure=not addresses)
    except dns.resolver.NoResolverConfiguration:
        raise MailError(
            "this machine has no resolver; set mail_resolvers to the addresses of some"
        ) from None
    if addresses:
        resolver.nameservers = [str(address) for address in addresses]
        resolver.port = port
    resolver.timeout, resolver.lifetime = TRY, LIFETIME
    resolver.use_edns(0, 0, PAYLOAD)
    return resolver


def finder(addresses: Addresses, port: int = 53) -> dns.resolver.Resolver:
    """Return a resolver that finds zones and servers, those with broken signatures too."""
    resolver = resolver_at(addresses, port)
    resolver.set_flags(dns.flags.RD | dns.flags.CD)
    resolver.cache = dns.resolver.LRUCache()  # many zones have one parent and the same servers
    return resolver


def zone_of(name: str, resolver: dns.resolver.Resolver, servers_of: ServersOf | None = None) -> str:
    """
    Return the zone that a name is in, or would be in; the root is an empty text.

    `servers_of` finds the servers of a zone. Raise NoZoneError if no zone is found.
    """
    try:
        full = dns.name.from_text(name)
        zone = dns.resolver.zone_for_name(
            full.split(min(REGISTERED + 1, len(full)))[1], resolver=resolver
        )
    except dns.exception.DNSException as error:
        raise NoZoneError([name], _reason(error)) from None
    for _ in full.labels:
        above = servers_of(plain_name(zone)) if servers_of else servers(plain_name(zone), resolver)
        child = _child_zone(full, zone, above)
        if child is None:
            break
        zone = child
    return plain_name(zone)


def servers(zone: str, resolver: dns.resolver.Resolver) -> tuple[Server, ...]:
    """Return every server that a zone is delegated to, at every address; raise UnansweredError."""
    # A resolver may be all that is reachable, or have zones that no public server has.
    delegated = delegation(zone, resolver) or _resolved(zone, resolver)
    lookups = [(name, family) for name in delegated.servers for family in FAMILIES]
    resolved = in_parallel(lambda one: list(_of_family(*one, resolver)), lookups, WORKERS)
    glue = (
        Server(name, address, resolver.port)
        for name in delegated.servers
        for address in delegated.glue.get(name, ())
    )
    unique = dict.fromkeys([*(server for several in resolved for server in several), *glue])
    if not unique:
        names = " ".join(delegated.servers)
        raise UnansweredError(
            f"{zone}: none of its name servers {names} has an address; correct its delegation"
        )
    return tuple(unique)


def delegation(zone: str, resolver: dns.resolver.Resolver) -> Delegation | None:
    """Return the delegation of a zone by its parent, or None if the parent does not answer."""
    try:
        parent = dns.resolver.zone_for_name(dns.name.from_text(zone).parent(), resolver=resolver)
        return referral(zone, _servers_by(parent, resolver))
    except dns.exception.DNSException:
        return None


def servers_named(name: str, resolver: dns.resolver.Resolver) -> Iterator[Server]:
    """Yield the server of a name, at each address that the resolver finds for it."""
    for family in FAMILIES:
        yield from _of_family(name, family, resolver)


def has_no_address(name: str, resolver: dns.resolver.Resolver) -> bool:
    """Tell whether a server's name has no address; False if there is no answer."""
    try:
        return not any(
            resolver.resolve(f"{name}.", family, raise_on_no_answer=False) for family in FAMILIES
        )
    except dns.resolver.NXDOMAIN:
        return True
    except dns.exception.DNSException:
        return False


def _child_zone(
    name: dns.name.Name, zone: dns.name.Name, above: Collection[Server]
) -> dns.name.Name | None:
    """Return the zone below a zone that its servers have or refer to for a name, or None."""
    answer = first_response(above, plain_name(name), "SOA")
    rrsets = (*answer.answer, *answer.authority) if answer else ()
    apex_types = (dns.rdatatype.SOA, dns.rdatatype.NS)
    owners = (rrset.name for rrset in rrsets if rrset.rdtype in apex_types)
    return next((owner for owner in owners if _between(name, owner, zone)), None)


def _between(name: dns.name.Name, owner: dns.name.Name, zone: dns.name.Name) -> bool:
    return name.is_subdomain(owner) and owner.is_subdomain(zone) and owner != zone


def _resolved(zone: str, resolver: dns.resolver.Resolver) -> Delegation:
    try:
        answer = resolver.resolve(f"{zone}.", "NS")
    except dns.exception.DNSException as error:
        raise UnansweredError(
            f"{zone}: its name servers cannot be found ({_reason(error)}); delegate the zone to "
            "its provider's name servers, or correct mail_resolvers"
        ) from None
    return Delegation(zone, tuple(sorted(plain_name(record.target).lower() for record in answer)))


def _servers_by(zone: dns.name.Name, resolver: dns.resolver.Resolver) -> Iterator[Server]:
    """Yield a zone's servers by the resolver, one look-up after the other."""
    for record in resolver.resolve(zone, "NS"):
        yield from servers_named(plain_name(record.target), resolver)


def _of_family(
    name: str, family: dns.rdatatype.RdataType, resolver: dns.resolver.Resolver
) -> Iterator[Server]:
    try:
        answer = resolver.resolve(f"{name}.", family)
    except dns.exception.DNSException:
        return  # the name has no address of that family, or does not exist
    for record in answer:
        yield Server(name, record.address, resolver.port)


def _reason(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.exception.Timeout):
        return "no resolver answers"
    if isinstance(error, dns.resolver.NXDOMAIN | dns.resolver.NoAnswer):
        return "the DNS does not know the zone"
    if isinstance(error, dns.resolver.NoRootSOA):
        return "the resolver does not know the root"
    return one_line(error)
