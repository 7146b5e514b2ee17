"""
Propagation of published zones, from their provider to name servers, resolvers and caches.

First every server that the parent names is asked, until all agree (RFC 1034 section 4.2). Only then
are resolvers asked, which would remember for minutes that a name does not exist (RFC 2308). Then
the run waits until caches have dropped the values that were replaced. All three steps share one
time limit.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

import dns.resolver

from ...dns.authority import finder, servers
from ...dns.delegation import disagreements
from ...dns.query import WORKERS, Server
from ...mail.errors import MailError
from ...run.threads import in_parallel
from .delegation import PublishedZone, require_delegation
from .poll import Outcome, Question, wait
from .ttl import PublishedChange, outlive


@dataclass
class Propagation:
    """The failures that stop the hosts of a zone, by zone, and notes for the operator."""

    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _ZoneServers:
    """A zone with its servers and their disagreements, or the reason why there are none."""

    published: PublishedZone
    servers: tuple[Server, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def zone(self) -> str:
        return self.published.zone

    def questions(self) -> Iterator[Question]:
        for server in self.servers:
            for expected in self.published.expected:
                yield Question(self.zone, server, expected)

    def changes(self) -> Iterator[PublishedChange]:
        for change in self.published.changes:
            wanted = (change.name, change.type)
            expected = (one for one in self.published.expected if (one.name, one.type) == wanted)
            yield PublishedChange(self.zone, change, tuple(expected))


def wait_for_propagation(
    zones: Sequence[PublishedZone],
    addresses: Collection[IPv4Address | IPv6Address],
    seconds: float,
) -> Propagation:
    """Wait until all servers and caches have the records of every zone."""
    try:
        resolver = finder(addresses)
    except MailError as error:
        return Propagation({published.zone: str(error) for published in zones})
    deadline = time.monotonic() + seconds
    found = in_parallel(lambda published: _zone_servers(published, resolver), zones, WORKERS)
    questions = [question for zone in found for question in zone.questions()]
    outcome = wait(questions, max(0, deadline - time.monotonic()))
    result = _result(found, outcome, seconds)
    changes = [
        change
        for zone in found
        if zone.servers and zone.zone not in result.failures
        for change in zone.changes()
    ]
    remaining = max(0, deadline - time.monotonic())
    result.notes += outlive(changes, _resolvers(resolver), remaining)
    return result


def _zone_servers(published: PublishedZone, resolver: dns.resolver.Resolver) -> _ZoneServers:
    if not published.expected:
        return _ZoneServers(published)
    try:
        found = servers(published.zone, resolver)
        require_delegation(published, found)
    except MailError as error:
        return _ZoneServers(published, failure=str(error))
    return _ZoneServers(published, found, tuple(disagreements(published.zone, found)))


def _result(found: Sequence[_ZoneServers], outcome: Outcome, seconds: float) -> Propagation:
    result = Propagation()
    for zone in found:
        if failure := zone.failure or outcome.sentence(
            zone.zone, seconds, by_hand=zone.published.by_hand
        ):
            result.failures[zone.zone] = failure
        result.notes += zone.notes
    unreached = sorted(map(str, outcome.unreached))
    result.notes += [f"{server} cannot be reached from here" for server in unreached]
    return result


def _resolvers(resolver: dns.resolver.Resolver) -> list[Server]:
    return [
        Server("resolver", str(address), resolver.port, recursive=True)
        for address in resolver.nameservers
    ]
