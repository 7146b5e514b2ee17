"""
Questions to resolvers and to authoritative servers, each asked once.

A resolver may answer from its cache with yesterday's records. So the servers of a zone are asked
one by one too, each at every address to which this machine has a route.

Many checks have the same question at the same time. It is asked once, and all get its answer. A run
over a hundred domains does not look up their one name server a hundred times.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Generic, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from ..mail.errors import UnansweredError
from ..run.threads import in_parallel
from . import authority
from .answer import Answer, Cached, Delegation, Trust, one_line, texts
from .query import CUT, Fault, Server, Silent, Unrouted, authoritative, routed

Result = TypeVar("Result")

PATIENCE = 4.0  # seconds for one authoritative server: a slow one is not a silent one


class Resolver:
    """Asks the DNS by way of these resolvers, or of the system's if there are none."""

    def __init__(self, addresses: authority.Addresses = (), port: int = 53) -> None:
        self._addresses, self._port = addresses, port
        self._resolver = authority.resolver_at(addresses, port)
        self._finder = authority.finder(addresses, port)
        self.lookup = Once(self._lookup)
        self.authoritative = Once(self._authoritative)
        self.delegation = Once(self._delegation)
        self._zone = Once(self._find_zone)
        self._servers = Once(self._find_servers)

    def answers_of(self, server: str, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Return the answers of a name server at each address that can be reached."""
        if authority.has_no_address(server, self._finder):
            return (Answer(server, problem="its name has no address"),)
        return _answers(authority.servers_named(server, self._finder), name, rdtype)

    def trust(self, name: str, rdtype: str) -> Trust:
        """Return the result of validation by a resolver; raise UnansweredError if none validates.

        A validating resolver sets the AD bit if the whole chain of signatures is in order. It
        answers SERVFAIL if the chain is broken, unless the CD bit of the question turns
        validation off (RFC 4035 section 3.2).
        """
        asking, validating = dns.flags.RD | dns.flags.AD, dns.flags.AD
        try:
            flags = self._flags(name, rdtype, asking)
        except UnansweredError:
            self._flags(name, rdtype, dns.flags.RD | dns.flags.CD)  # or there is no answer at all
            return Trust.BOGUS
        if flags & validating:
            return Trust.SECURE
        if not self._flags(".", "NS", asking) & validating:
            addresses = ", ".join(self.resolvers())
            raise UnansweredError(f"the resolver {addresses} does not validate, not even the root")
        return Trust.INSECURE

    def resolvers(self) -> tuple[str, ...]:
        """Return the addresses of the resolvers that are asked."""
        return tuple(map(str, self._resolver.nameservers))

    def cached(self, resolver: str, name: str, rdtype: str) -> Cached:
        """Return the answer of one resolver, by its address; raise UnansweredError."""
        answer = recursive_answer(authority.resolver_at([resolver], self._port), name, rdtype)
        rrsets = answer.answer or answer.authority
        ttl = min((rrset.ttl for rrset in rrsets), default=0)
        return Cached(values(answer, rdtype), ttl)

    def _lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        return values(recursive_answer(self._resolver, name, rdtype), rdtype)

    def _delegation(self, name: str) -> Delegation:
        zone = self._zone(name)
        if not zone:
            return Delegation("", ())
        if found := authority.delegation(zone, self._finder):
            return found
        raise UnansweredError(f"{zone}: no name server of its parent zone answers with its NS")

    def _authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        return _answers(self._servers(self._zone(name)), name, rdtype)

    def _find_zone(self, name: str) -> str:
        return authority.zone_of(name, self._finder, self._servers)

    def _find_servers(self, zone: str) -> tuple[Server, ...]:
        return authority.servers(zone, self._finder)

    def _flags(self, name: str, rdtype: str, flags: int) -> int:
        """Return the flags of a resolver's answer, also if there are no records."""
        resolver = authority.resolver_at(self._addresses, self._port)
        resolver.flags = dns.flags.Flag(flags)
        return int(recursive_answer(resolver, name, rdtype).flags)


class Once(Generic[Result]):
    """
    A question that is asked once for each form; every caller waits for the same answer.

    If it has `most` answers it forgets them, and asks again.
    """

    def __init__(self, call: Callable[..., Result], most: int | None = None) -> None:
        self._call, self._most = call, most
        self._answers: dict[tuple[str, ...], Future[Result]] = {}

    def __call__(self, *form: str) -> Result:
        """Return the answer to a question of this form, or raise its error."""
        if self._most and len(self._answers) >= self._most:
            self._answers.clear()
        first: Future[Result] = Future()
        answer = self._answers.setdefault(form, first)
        if answer is first:
            try:
                first.set_result(self._call(*form))
            except BaseException as error:  # noqa: BLE001 - or else other callers never return
                first.set_exception(error)
        return answer.result()


def recursive_answer(
    resolver: dns.resolver.Resolver, name: str, rdtype: str, seconds: float | None = None
) -> dns.message.Message:
    """
    Return a resolver's answer, one without records too; raise UnansweredError.

    All tries together take `seconds`, or the resolver's own lifetime.
    """
    try:
        answer = resolver.resolve(
            name, rdtype, raise_on_no_answer=False, search=False, lifetime=seconds
        )
    except dns.resolver.NXDOMAIN as error:
        responses: dict[dns.name.Name, dns.message.Message] = error.kwargs["responses"]
        return next(iter(responses.values()))
    except dns.exception.DNSException as error:
        raise UnansweredError(f"no answer about {rdtype} of {name}: {one_line(error)}") from error
    if answer.response.flags & dns.flags.TC:
        raise UnansweredError(f"no answer about {rdtype} of {name}: {CUT}")
    return answer.response


def values(answer: dns.message.Message, rdtype: str) -> tuple[str, ...]:
    """Return the values in an answer, those behind a CNAME too, in one order."""
    wanted = dns.rdatatype.from_text(rdtype)
    found = (rdata for rrset in answer.answer if rrset.rdtype == wanted for rdata in rrset)
    return tuple(sorted(texts(found)))


def _answers(servers: Iterable[Server], name: str, rdtype: str) -> tuple[Answer, ...]:
    reached = [server for server in servers if routed(server.address)]
    return tuple(in_parallel(lambda server: _answer(server, name, rdtype), reached))


def _answer(server: Server, name: str, rdtype: str) -> Answer:
    try:
        answer = authoritative(server, name, rdtype, PATIENCE)
    except Fault as fault:
        silent = isinstance(fault, Silent | Unrouted)
        return Answer(str(server), problem=str(fault), silent=silent)
    return Answer(str(server), values(answer, rdtype))
