"""
Inspections: the functions that make the checks, for each host or domain at the same time.

A module of a check decorates a function that yields the findings of one host or one domain. An
answer that does not come ends that function, and its checks are then unknown for that subject.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from .finding import Check, Finding
from .world import MisbehavedError, UnansweredError, World, side_by_side

OfFleet = Callable[[Fleet, World], Iterable[Finding]]
OfHost = Callable[[MailSettings, World], Iterable[Finding]]
OfDomain = Callable[[str, Fleet, World], Iterable[Finding]]


@dataclass(frozen=True)
class Inspection:
    """
    A function that makes one or several checks of a whole fleet.

    It is made `anywhere` if it needs no inventory. It is `slow` if a server delays its answers, or
    is asked hundreds of times.
    """

    run: OfFleet
    checks: tuple[Check, ...]
    anywhere: bool = False
    slow: bool = False

    def __call__(self, fleet: Fleet, world: World) -> Iterable[Finding]:
        """Return the findings of every subject of the fleet."""
        return self.run(fleet, world)


def per_fleet(
    *checks: Check, anywhere: bool = False, slow: bool = False
) -> Callable[[OfFleet], Inspection]:
    """Decorate a function that goes over the subjects of a fleet by itself."""
    return lambda run: Inspection(run, checks, anywhere, slow)


def per_host(
    *checks: Check, anywhere: bool = False, slow: bool = False
) -> Callable[[OfHost], Inspection]:
    """Decorate a function of one mail host."""

    def decorate(inspect: OfHost) -> Inspection:
        def run(fleet: Fleet, world: World) -> Iterator[Finding]:
            return together(
                partial(completed, checks, host.inventory_name, partial(inspect, host, world))
                for host in fleet.hosts
            )

        return Inspection(run, checks, anywhere, slow)

    return decorate


def per_domain(
    *checks: Check, anywhere: bool = False, slow: bool = False
) -> Callable[[OfDomain], Inspection]:
    """Decorate a function of one domain."""

    def decorate(inspect: OfDomain) -> Inspection:
        def run(fleet: Fleet, world: World) -> Iterator[Finding]:
            return together(
                partial(completed, checks, domain, partial(inspect, domain, fleet, world))
                for domain in fleet.domains
            )

        return Inspection(run, checks, anywhere, slow)

    return decorate


def completed(
    checks: Iterable[Check], subject: str, inspect: Callable[[], Iterable[Finding]]
) -> list[Finding]:
    """Return the findings; if an answer does not come, every check is unknown as well."""
    findings: list[Finding] = []
    try:
        for finding in inspect():
            findings.append(finding)  # noqa: PERF402 - what comes before a problem is kept
    except (MisbehavedError, UnansweredError) as problem:
        findings += (check.not_checked(subject, problem) for check in checks)
    return findings


def together(calls: Iterable[Callable[[], Iterable[Finding]]]) -> Iterator[Finding]:
    """Make calls at the same time, and yield their findings in the order of the calls."""
    for findings in side_by_side(calls):
        yield from findings
