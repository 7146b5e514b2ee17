"""
Inspections: the functions that make the checks, for each host or domain at the same time.

The module of a check decorates a function that yields the findings of one host or one domain. If an
answer does not come, that function ends, and its checks are unknown for that host or domain.

A check that is made `anywhere` needs no inventory; its function takes targets too. One is `slow` if
servers delay their answers, or are asked hundreds of times.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar, overload

from ...mail.settings.model import Fleet, MailSettings
from ...run.threads import in_parallel
from .finding import Check, Finding
from .target import CheckedHost, Scope
from .world import MisbehavedError, UnansweredError, World

Findings = Iterable[Finding]
Inspected = TypeVar("Inspected")
Inspector = Callable[[Inspected, World], Findings]
Calls = Iterable[tuple[str, Callable[[], Findings]]]  # by subject
DomainInspector = Callable[[str, Inspected, World], Findings]


@dataclass(frozen=True)
class Inspection:
    """A function that makes one or several checks of everything in a scope."""

    run: Callable[[Any, World], Findings]
    checks: tuple[Check, ...]
    anywhere: bool = False
    slow: bool = False

    def __call__(self, scope: Scope, world: World) -> Findings:
        """Return the findings about every subject of the scope."""
        return self.run(scope, world)


@overload
def per_fleet(
    *checks: Check, anywhere: Literal[True], slow: bool = False
) -> Callable[[Inspector[Scope]], Inspection]: ...
@overload
def per_fleet(
    *checks: Check, anywhere: Literal[False] = False, slow: bool = False
) -> Callable[[Inspector[Fleet]], Inspection]: ...
def per_fleet(
    *checks: Check, anywhere: bool = False, slow: bool = False
) -> Callable[[Inspector[Any]], Inspection]:
    """Decorate a function that goes over the hosts and domains of a scope by itself."""
    return lambda inspect: Inspection(inspect, checks, anywhere, slow)


@overload
def per_host(
    *checks: Check, anywhere: Literal[True], slow: bool = False
) -> Callable[[Inspector[CheckedHost]], Inspection]: ...
@overload
def per_host(
    *checks: Check, anywhere: Literal[False] = False, slow: bool = False
) -> Callable[[Inspector[MailSettings]], Inspection]: ...
def per_host(
    *checks: Check, anywhere: bool = False, slow: bool = False
) -> Callable[[Inspector[Any]], Inspection]:
    """Decorate a function of one mail host."""

    def decorate(inspect: Inspector[Any]) -> Inspection:
        def calls(scope: Scope, world: World) -> Calls:
            return ((host.inventory_name, partial(inspect, host, world)) for host in scope.hosts)

        return Inspection(partial(parallel, checks, calls), checks, anywhere, slow)

    return decorate


@overload
def per_domain(
    *checks: Check, anywhere: Literal[True], sending: bool = False, slow: bool = False
) -> Callable[[DomainInspector[Scope]], Inspection]: ...
@overload
def per_domain(
    *checks: Check, anywhere: Literal[False] = False, sending: bool = False, slow: bool = False
) -> Callable[[DomainInspector[Fleet]], Inspection]: ...
def per_domain(
    *checks: Check, anywhere: bool = False, sending: bool = False, slow: bool = False
) -> Callable[[DomainInspector[Any]], Inspection]:
    """Decorate a function of one domain; `sending` ones are made of domains that only send too."""

    def decorate(inspect: DomainInspector[Any]) -> Inspection:
        def calls(scope: Scope, world: World) -> Calls:
            domains = scope.author_domains if sending else scope.domains
            return ((domain, partial(inspect, domain, scope, world)) for domain in domains)

        return Inspection(partial(parallel, checks, calls), checks, anywhere, slow)

    return decorate


def parallel(
    checks: tuple[Check, ...], calls: Callable[[Scope, World], Calls], scope: Scope, world: World
) -> Iterator[Finding]:
    """Make the call of every subject at the same time, and yield the findings in their order."""
    return together(
        partial(completed, checks, subject, call) for subject, call in calls(scope, world)
    )


def completed(
    checks: Iterable[Check], subject: str, inspect: Callable[[], Findings]
) -> list[Finding]:
    """Return the findings; if an answer does not come, every check is unknown as well."""
    findings: list[Finding] = []
    try:
        for finding in inspect():
            findings.append(finding)  # noqa: PERF402 - what comes before a problem is kept
    except (MisbehavedError, UnansweredError) as problem:
        findings += (check.not_checked(subject, problem) for check in checks)
    return findings


def together(calls: Iterable[Callable[[], Findings]]) -> Iterator[Finding]:
    """Make calls at the same time, and yield their findings in the order of the calls."""
    for findings in in_parallel(lambda call: list(call()), calls):
        yield from findings
