"""
What was published, followed until it can be used.

First every server that the parent names is asked, until all agree (RFC 1034 section 4.2); only then
the resolvers, which would remember for minutes that a name is not there yet (RFC 2308); and then
passes what caches remember of what was replaced. All three together take no longer than the time
they are given.
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
from ..plan import ZonePlan
from .delegation import require_delegation
from .poll import Outcome, Question, wait
from .ttl import Published, outlive


@dataclass
class Followed:
    """What a zone's hosts cannot go on with, by zone, and what is worth knowing."""

    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A zone's servers and their disagreements, or why there are none."""

    servers: tuple[Server, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str = ""


def follow(
    plans: Sequence[ZonePlan],
    addresses: Collection[IPv4Address | IPv6Address],
    seconds: float,
) -> Followed:
    """Wait until every plan's records are answered everywhere, as they are needed."""
    followed = Followed()
    try:
        ask = finder(addresses)
    except MailError as error:
        return Followed({plan.zone: str(error) for plan in plans})
    deadline = time.monotonic() + seconds
    found = in_parallel(lambda plan: _found(plan, ask), plans, WORKERS)
    outcome = wait(list(_questions(plans, found)), max(0, deadline - time.monotonic()))
    _note(followed, plans, found, outcome, seconds)
    published = list(_published(plans, found, followed.failures))
    left = max(0, deadline - time.monotonic())
    followed.notes += outlive(published, _resolvers(ask), left)
    return followed


def _found(plan: ZonePlan, ask: dns.resolver.Resolver) -> _Found:
    if not plan.expected:
        return _Found()
    try:
        found = servers(plan.zone, ask)
        require_delegation(plan, found)
    except MailError as error:
        return _Found(failure=str(error))
    return _Found(found, tuple(disagreements(plan.zone, found)))


def _questions(plans: Sequence[ZonePlan], found: Sequence[_Found]) -> Iterator[Question]:
    for plan, known in zip(plans, found, strict=True):
        for server in known.servers:
            for expected in plan.expected:
                yield Question(plan.zone, server, expected)


def _note(
    followed: Followed,
    plans: Sequence[ZonePlan],
    found: Sequence[_Found],
    outcome: Outcome,
    seconds: float,
) -> None:
    for plan, known in zip(plans, found, strict=True):
        if failure := known.failure or outcome.sentence(plan.zone, seconds):
            followed.failures[plan.zone] = failure
        followed.notes += known.notes
    unreached = sorted(map(str, outcome.unreached))
    followed.notes += [f"{server} cannot be reached from here" for server in unreached]


def _published(
    plans: Sequence[ZonePlan], found: Sequence[_Found], failures: Collection[str]
) -> Iterator[Published]:
    """Yield the changes that all servers of a zone have."""
    for plan, known in zip(plans, found, strict=True):
        if known.servers and plan.zone not in failures:
            for change in plan.changes:
                wanted = (change.name, change.type)
                expected = (one for one in plan.expected if (one.name, one.type) == wanted)
                yield Published(plan.zone, change, tuple(expected))


def _resolvers(ask: dns.resolver.Resolver) -> list[Server]:
    return [
        Server("resolver", str(address), ask.port, recursive=True) for address in ask.nameservers
    ]
