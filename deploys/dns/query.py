"""
One question to one server, and the faults of its answer.

An authoritative server is asked without recursion. The AA bit of its answer says that it has the
zone (RFC 1035 section 4.1.1). A resolver is asked with recursion and keeps its answer for the TTL.
Questions go over UDP, and again over TCP if the answer does not fit (RFC 7766).
"""

import errno
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode

from .answer import one_line

PAYLOAD = 1232  # octets over UDP that no path fragments
PATIENCE = 1.5  # seconds for one answer, in two tries, because a packet may be lost
ENOUGH = 4  # addresses that are asked until one answers
WORKERS = 100  # questions that are asked at the same time
NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
CUT = "the answer is cut off, even over TCP"


@dataclass(frozen=True)
class Server:
    """A name server at one of its addresses: authoritative, or a `recursive` resolver."""

    name: str
    address: str
    port: int = 53
    recursive: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


class Fault(Exception):
    """A fault of an answer; a cache keeps the answer for `ttl` seconds."""

    def __init__(self, reason: str, ttl: int = 0) -> None:
        super().__init__(reason)
        self.ttl = ttl


class Silent(Fault):
    """There is no answer."""


class Unrouted(Fault):
    """This machine has no route to an address of that family."""


class Lame(Fault):
    """The server does not have the zone, so resolvers turn to the zone's other servers."""


def response(
    server: Server,
    name: str,
    record_type: str,
    *,
    dnssec: bool = False,
    patience: float | None = None,
) -> dns.message.Message:
    """
    Return the answer of a server for a record set, with signatures for `dnssec`.

    It has `patience` seconds. Raise a Fault if there is no answer, or none that is whole: an answer
    that is cut off would look like fewer records.
    """
    seconds = patience or PATIENCE
    try:
        answer = _answer(_query(server, name, record_type, dnssec=dnssec), server, seconds / 2)
    except dns.exception.Timeout:
        raise Silent(f"no answer within {seconds:g} s") from None
    except (dns.exception.DNSException, EOFError) as error:
        raise Fault(f"a broken answer: {one_line(error)}") from None
    except OSError as error:
        if error.errno in NO_ROUTE:
            raise Unrouted("no route from here") from None
        raise Silent(error.strerror or "no connection") from None
    if answer.flags & dns.flags.TC:
        raise Fault(CUT)
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise Lame(f"answers {dns.rcode.to_text(answer.rcode())}")
    return answer


def authoritative(
    server: Server, name: str, record_type: str, patience: float | None = None
) -> dns.message.Message:
    """Return the answer of a server that has the zone itself; raise a Fault."""
    answer = response(server, name, record_type, patience=patience)
    require_authority(answer)
    return answer


def require_authority(answer: dns.message.Message) -> None:
    """Raise a Fault for an answer from a server that does not have the zone."""
    if not answer.flags & dns.flags.AA:
        raise Lame("not authoritative for the zone")


def first_response(
    servers: Iterable[Server], name: str, record_type: str, *, dnssec: bool = False
) -> dns.message.Message | None:
    """Return the answer of the first server that gives one; ask no more than ENOUGH."""
    for server in islice((one for one in servers if routed(one.address)), ENOUGH):
        with suppress(Fault):
            return response(server, name, record_type, dnssec=dnssec)
    return None


def routed(address: str) -> bool:
    """Tell whether this machine has a route to an address; nothing is sent to find out."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 53))
        return True
    return False


def _query(
    server: Server, name: str, record_type: str, *, dnssec: bool
) -> dns.message.QueryMessage:
    owner, flags = dns.name.from_text(name), dns.flags.RD if server.recursive else 0
    return dns.message.make_query(
        owner, record_type, flags=flags, use_edns=0, want_dnssec=dnssec, payload=PAYLOAD
    )


def _answer(query: dns.message.QueryMessage, server: Server, seconds: float) -> dns.message.Message:
    try:
        return _one_try(query, server, seconds)
    except dns.exception.Timeout:
        return _one_try(query, server, seconds)


def _one_try(
    query: dns.message.QueryMessage, server: Server, seconds: float
) -> dns.message.Message:
    try:
        return dns.query.udp(
            query,
            server.address,
            seconds,
            server.port,
            ignore_unexpected=True,
            raise_on_truncation=True,
        )
    except dns.message.Truncated as cut:
        if not query.is_response(cut.message()):  # type: ignore[no-untyped-call]
            raise dns.query.BadResponse from None
    return dns.query.tcp(query, server.address, seconds, server.port)
