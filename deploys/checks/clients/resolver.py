"""
DNS, asked twice: what every authoritative server says, and what a resolver makes of it.

A resolver may answer from its cache what was true yesterday. So the servers of a zone are asked one
by one, each at every address that this machine has a route to.

Many checks have the same question at the same time. It is asked once, and all get its answer. So a
proof of a hundred domains does not look up their one name server a hundred times.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

import dns.flags
import dns.message
import dns.resolver
from dns.exception import DNSException

from ..core.world import Answer, Cached, Delegation, Trust, UnansweredError, side_by_side
from . import nameservers, validation
from .nameservers import CUT, is_cut, texts

Result = TypeVar("Result")

_LIFETIME = 6.0
_TRY = 2.0


class Resolver:
    """Asks the DNS by way of these resolvers, or of the system's if there are none."""

    def __init__(self, addresses: Sequence[str] = (), port: int = 53) -> None:
        self._resolver = _resolver(addresses, port)
        self._addresses, self._port = addresses, port
        # Where a zone's signatures are broken, its servers are to be found all the same.
        self._finder = _resolver(addresses, port)
        self._finder.flags = dns.flags.RD | dns.flags.CD
        self.lookup = _Once(self._lookup)
        self.authoritative = _Once(self._authoritative)
        self.delegation = _Once(self._delegation)
        self._zone = _Once(self._find_zone)
        self._servers = _Once(self._find_servers)

    def policy(self, name: str, version: str) -> str | None:
        """Return the one TXT value that starts with a version tag, None if there is not one."""
        values = [value for value in self.lookup(name, "TXT") if value.startswith(version)]
        return values[0] if len(values) == 1 else None

    def served(self, server: str, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Return what a name server says with authority at each address that can be reached."""
        if nameservers.leads_nowhere(server, self._finder):
            return (Answer(server, problem="its name has no address"),)
        calls = [
            partial(
                nameservers.authority, f"{server} ({address})", address, name, rdtype, self._port
            )
            for address in nameservers.located(server, self._finder)
            if nameservers.routed(address)
        ]
        return tuple(side_by_side(calls))

    def trust(self, name: str, rdtype: str) -> Trust:
        """Return whether a validating resolver trusts an answer; raise UnansweredError."""
        return validation.trust(_resolver(self._addresses, self._port), name, rdtype)

    def resolvers(self) -> tuple[str, ...]:
        """Return the addresses of the resolvers that are asked."""
        return tuple(map(str, self._resolver.nameservers))

    def cached(self, resolver: str, name: str, rdtype: str) -> Cached:
        """Return what one resolver says, by its address; raise UnansweredError."""
        return validation.cached(_resolver([resolver], self._port), name, rdtype)

    def _lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        try:
            answer = self._resolver.resolve(name, rdtype, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except DNSException as error:
            raise UnansweredError(f"no answer about {rdtype} of {name}: {error}") from error
        if is_cut(answer.response):
            raise UnansweredError(f"no answer about {rdtype} of {name}: {CUT}")
        return texts(answer.rrset or ())

    def _delegation(self, name: str) -> Delegation:
        return nameservers.delegation(name, self._finder, self._port)

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
            return _checked(label, validation.denial(error), ())
        except DNSException as error:
            return Answer(label, problem=str(error))
        return _checked(label, answer.response, texts(answer.rrset or ()))

    def _find_zone(self, name: str) -> str:
        try:
            return dns.resolver.zone_for_name(name, resolver=self._finder).to_text()
        except DNSException as error:
            raise UnansweredError(f"the zone of {name} could not be found: {error}") from error

    def _find_servers(self, zone: str) -> tuple[tuple[str, str], ...]:
        try:
            names = texts(self._finder.resolve(zone, "NS"))
        except DNSException as error:
            raise UnansweredError(f"the servers of {zone} could not be found: {error}") from error
        return tuple(
            (server.removesuffix("."), address)
            for server in names
            for address in nameservers.located(server, self._finder)
            if nameservers.routed(address)
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


def _resolver(addresses: Sequence[str], port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not addresses)
    if addresses:
        resolver.nameservers = list(addresses)
        resolver.port = port
    resolver.timeout, resolver.lifetime = _TRY, _LIFETIME
    resolver.use_edns(0, 0, 1232)
    return resolver


def _checked(server: str, response: dns.message.Message, values: tuple[str, ...]) -> Answer:
    if not response.flags & dns.flags.AA:
        return Answer(server, problem="it is not authoritative for the zone (lame delegation)")
    if is_cut(response):
        return Answer(server, problem=CUT)
    return Answer(server, values)
