"""
DNS, asked twice: what every authoritative server says, and what a resolver makes of it.

A resolver may answer from its cache what was true yesterday. So the servers of a zone are asked one
by one, each at every address that this machine has a route to.

Many checks have the same question at the same time. It is asked once, and all get its answer. So a
proof of a hundred domains does not look up their one name server a hundred times.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

import dns.flags
import dns.message
import dns.resolver
from dns.exception import DNSException
from dns.rdtypes.ANY.TXT import TXT

from deploys.checks.world import Answer, UnansweredError, side_by_side

Result = TypeVar("Result")

_LIFETIME = 6.0
_TRY = 2.0


class Resolver:
    """Asks the DNS by way of these resolvers, or of the system's if there are none."""

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53) -> None:
        self._resolver = _resolver(nameservers, port)
        self._port = port
        self.lookup = _Once(self._lookup)
        self.authoritative = _Once(self._authoritative)
        self._zone = _Once(self._find_zone)
        self._servers = _Once(self._find_servers)

    def policy(self, name: str, version: str) -> str | None:
        """Return the one TXT value that starts with a version tag, None if there is not one."""
        values = [value for value in self.lookup(name, "TXT") if value.startswith(version)]
        return values[0] if len(values) == 1 else None

    def _lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        try:
            answer = self._resolver.resolve(name, rdtype, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except DNSException as error:
            raise UnansweredError(f"no answer about {rdtype} of {name}: {error}") from error
        return _texts(answer.rrset or ())

    def _authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        servers = self._servers(self._zone(name))
        calls = [partial(self._ask, *server, name, rdtype) for server in servers]
        return tuple(side_by_side(calls))

    def _ask(self, server: str, address: str, name: str, rdtype: str) -> Answer:
        label = f"{server} ({address})"
        asked = _resolver([address], self._port)
        asked.flags = 0
        try:
            answer = asked.resolve(name, rdtype, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as error:
            return _checked(label, _response(error), ())
        except DNSException as error:
            return Answer(label, problem=str(error))
        return _checked(label, answer.response, _texts(answer.rrset or ()))

    def _find_zone(self, name: str) -> str:
        try:
            return dns.resolver.zone_for_name(name, resolver=self._resolver).to_text()
        except DNSException as error:
            raise UnansweredError(f"the zone of {name} could not be found: {error}") from error

    def _find_servers(self, zone: str) -> tuple[tuple[str, str], ...]:
        return tuple(
            (server.removesuffix("."), address)
            for server in self.lookup(zone, "NS")
            for rdtype in ("A", "AAAA")
            for address in self.lookup(server, rdtype)
            if _routed(address)
        )


class _Once(Generic[Result]):
    """A question that is asked once in each form; whoever else has it waits for the same answer."""

    def __init__(self, ask: Callable[..., Result]) -> None:
        self._ask = ask
        self._answers: dict[tuple[str, ...], Future[Result]] = {}

    def __call__(self, *form: str) -> Result:
        mine: Future[Result] = Future()
        answer = self._answers.setdefault(form, mine)
        if answer is mine:
            try:
                mine.set_result(self._ask(*form))
            except BaseException as error:  # noqa: BLE001 - else the others would wait for ever
                mine.set_exception(error)
        return answer.result()


def _response(error: dns.resolver.NXDOMAIN) -> dns.message.Message:
    responses: dict[dns.name.Name, dns.message.Message] = error.kwargs["responses"]
    return next(iter(responses.values()))


def _routed(address: str) -> bool:
    """Return whether this machine has a way to an address; nothing is sent to find out."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((address, 53))
        return True
    return False


def _resolver(nameservers: Sequence[str], port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not nameservers)
    if nameservers:
        resolver.nameservers = list(nameservers)
        resolver.port = port
    resolver.timeout, resolver.lifetime = _TRY, _LIFETIME
    resolver.use_edns(0, 0, 1232)
    return resolver


def _texts(rrset: Iterable[dns.rdata.Rdata]) -> tuple[str, ...]:
    return tuple(sorted(_text(rdata) for rdata in rrset))


def _text(rdata: dns.rdata.Rdata) -> str:
    # RFC 7208 section 3.3: the strings of one TXT record are one text, joined without a space.
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode(errors="replace")
    return str(rdata.to_text())


def _checked(server: str, response: dns.message.Message, values: tuple[str, ...]) -> Answer:
    if not response.flags & dns.flags.AA:
        return Answer(server, problem="it is not authoritative for the zone (lame delegation)")
    return Answer(server, values)
