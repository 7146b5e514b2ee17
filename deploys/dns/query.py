"""
One question to one server, and what is wrong with its answer.

An authoritative server is asked without recursion and says by the AA bit that it has the zone (RFC
1035 section 4.1.1); a resolver is asked with it and answers for as long as the TTL lasts with what
it heard once. Questions go over UDP, and again over TCP where the answer does not fit (RFC 7766).
"""

import errno
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

PAYLOAD = 1232  # octets over UDP that no path fragments
PATIENCE = 1.5  # seconds for one answer, asked for twice, so that a lost packet costs half of it
TRIES = 3  # where one answer will do, however many servers there are
WORKERS = 100  # questions that are asked at the same time
NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True)
class Server:
    """A name server at one of its addresses: authoritative, or a resolver that asks for others."""

    name: str
    address: str
    port: int = 53
    recursive: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


class Fault(Exception):
    """What is wrong with an answer; str() is the word for it, `ttl` how long it is remembered."""

    def __init__(self, reason: str, ttl: int = 0) -> None:
        super().__init__(reason)
        self.ttl = ttl


class Silent(Fault):
    """There is no answer."""


class Unrouted(Fault):
    """This machine has no way to an address of that family."""


class Lame(Fault):
    """The server does not have the zone, so whoever asks it turns to the zone's other servers."""


def asked(server: Server, name: str, record_type: str) -> dns.message.Message:
    """Ask a server for a record set and return its answer; raise a Fault where it gives none."""
    flags = dns.flags.RD if server.recursive else 0
    query = dns.message.make_query(
        f"{name}.", record_type, flags=flags, use_edns=0, payload=PAYLOAD
    )
    try:
        answer = _sent(query, server, again=True)
    except dns.exception.Timeout:
        raise Silent("no answer") from None
    except (dns.exception.DNSException, EOFError) as error:
        raise Fault(f"a broken answer: {one_line(error)}") from None
    except OSError as error:
        if error.errno in NO_ROUTE:
            raise Unrouted("no route from here") from None
        raise Silent(error.strerror or "no connection") from None
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise Lame(dns.rcode.to_text(answer.rcode()))
    return answer


def _sent(query: dns.message.Message, server: Server, *, again: bool) -> dns.message.Message:
    try:
        answer, _ = dns.query.udp_with_fallback(
            query, server.address, timeout=PATIENCE / 2, port=server.port, ignore_unexpected=True
        )
    except dns.exception.Timeout:
        if not again:
            raise
        return _sent(query, server, again=False)
    return answer


def first_answer(
    servers: Iterable[Server], name: str, record_type: str
) -> dns.message.Message | None:
    """Return the answer of the first of some servers that gives one, where any of them will do."""
    for server in islice(servers, TRIES):
        with suppress(Fault):
            return asked(server, name, record_type)
    return None


def one_line(error: Exception) -> str:
    """Return what an exception says, as a part of a sentence."""
    return " ".join(str(error).split()).rstrip(".")
