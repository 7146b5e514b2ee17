"""
Who answers for a zone, and what they answer.

A zone's NS records name its authoritative servers (RFC 1034 section 4.2). Each of them, at each of
its addresses, has a copy of the zone, and a record is published when all of them have it. They are
asked directly: a resolver would remember for minutes that a record is not there yet (RFC 2308).
"""

import errno
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.resolver

from deploys.mail.errors import MailError
from deploys.zones.changes import Expected

PAYLOAD = 1232  # octets over UDP that no path fragments
NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True)
class Server:
    """An authoritative server at one of its addresses."""

    name: str
    address: str
    port: int = 53

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


class NoRouteError(Exception):
    """This machine has no way to an address of that family."""


def resolver(addresses: Collection[IPv4Address | IPv6Address | str]) -> dns.resolver.Resolver:
    """Return a resolver that asks these addresses, or the system's own where there are none."""
    try:
        made = dns.resolver.Resolver(configure=not addresses)
    except dns.resolver.NoResolverConfiguration:
        raise MailError("this machine has no resolver; name some in mail_resolvers") from None
    if addresses:
        made.nameservers = [str(address) for address in addresses]
    return made


def servers(zone: str, ask: dns.resolver.Resolver) -> tuple[Server, ...]:
    """Return every authoritative server of a zone at every address."""
    try:
        answer = ask.resolve(f"{zone}.", "NS")
    except dns.exception.DNSException as error:
        raise MailError(
            f"{zone}: its name servers cannot be found ({_reason(error)}); delegate the zone to "
            "its provider's name servers, or correct mail_resolvers"
        ) from None
    names = sorted(record.target for record in answer)
    lookups = [(name, record_type) for name in names for record_type in ("A", "AAAA")]
    with ThreadPoolExecutor(len(lookups)) as pool:
        found = pool.map(lambda lookup: list(_addresses(lookup[0], lookup[1], ask)), lookups)
        reached = tuple(server for several in found for server in several)
    if not reached:
        raise MailError(f"{zone}: none of its name servers {' '.join(map(str, names))} is found")
    return reached


def _addresses(
    name: dns.name.Name, record_type: str, ask: dns.resolver.Resolver
) -> Iterator[Server]:
    try:
        answer = ask.resolve(name, record_type)
    except dns.exception.DNSException:
        return  # a server without that family, or one whose name leads nowhere
    for record in answer:
        yield Server(name.to_text(omit_final_dot=True), record.address)


def problem(server: Server, expected: Expected, seconds: float) -> str:
    """Ask one server for one record set; return what is wrong with its answer, or nothing."""
    query = dns.message.make_query(
        f"{expected.name}.", expected.type, flags=0, use_edns=0, payload=PAYLOAD
    )
    try:
        answer, _ = dns.query.udp_with_fallback(
            query, server.address, timeout=seconds, port=server.port, ignore_unexpected=True
        )
    except dns.exception.Timeout:
        return "no answer"
    except dns.exception.DNSException as error:
        return f"a broken answer: {_reason(error)}"
    except OSError as error:
        if error.errno in NO_ROUTE:
            raise NoRouteError from None
        return error.strerror or "no connection"
    return _judged(answer, expected)


def _judged(answer: dns.message.Message, expected: Expected) -> str:
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return dns.rcode.to_text(answer.rcode())
    if not answer.flags & dns.flags.AA:
        return "not authoritative"
    name, record_type = dns.name.from_text(expected.name), dns.rdatatype.from_text(expected.type)
    rrset = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, record_type)
    if rrset is None:
        return "missing" if expected.present else ""
    values = {_value(rdata) for rdata in rrset}
    wanted, gone = (
        {_value(dns.rdata.from_text("IN", record_type, text)) for text in texts}
        for texts in (expected.present, expected.absent)
    )
    return "" if wanted <= values and not gone & values else "old"


def _value(rdata: dns.rdata.Rdata) -> object:
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(rdata.strings)  # where a long text is cut means nothing
    return rdata


def _reason(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.exception.Timeout):
        return "no resolver answers"
    if isinstance(error, dns.resolver.NXDOMAIN | dns.resolver.NoAnswer):
        return "the DNS does not know the zone"
    return " ".join(str(error).split()).rstrip(".")
