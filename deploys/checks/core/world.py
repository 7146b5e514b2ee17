"""
The world as the checks see it: hosts to run commands on, names to look up, a clock.

It is a value, so that a test hands in a world of its own, and a check cannot tell the difference.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ...dns.answer import Answer, Cached, Delegation, Trust
from ...mail.errors import RefusedError, UnansweredError
from ...run.https import Page
from ...run.threads import in_parallel
from .progress import Progress

__all__ = [
    "Answer",
    "Cached",
    "Delegation",
    "Hosts",
    "MisbehavedError",
    "Names",
    "Page",
    "RefusedError",
    "Trust",
    "UnansweredError",
    "Web",
    "World",
    "addresses",
    "side_by_side",
]

Result = TypeVar("Result")


class MisbehavedError(Exception):
    """A server was reached and did not speak SMTP as it must; the text says how."""


class Hosts(Protocol):
    """Runs commands on the hosts of the inventory."""

    def run(self, name: str, command: str, lines: Sequence[str], limit: float) -> list[str]:
        """Return the command's output, given these lines as input; raise UnansweredError."""


class Names(Protocol):
    """Asks the DNS."""

    def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Return what each authoritative server of a name says; raise UnansweredError."""

    def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        """Return a resolver's answer, nothing for a name that is not; raise UnansweredError."""

    def policy(self, name: str, version: str) -> str | None:
        """Return the one TXT value that starts with a version tag, as a resolver sees it."""

    def delegation(self, name: str) -> Delegation:
        """Return the zone that a name is in, by the zone above; raise UnansweredError."""

    def served(self, server: str, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Return what a name server says with authority at each address that can be reached."""

    def trust(self, name: str, rdtype: str) -> Trust:
        """Return whether a validating resolver trusts an answer; raise UnansweredError."""

    def resolvers(self) -> tuple[str, ...]:
        """Return the addresses of the resolvers that are asked."""

    def cached(self, resolver: str, name: str, rdtype: str) -> Cached:
        """Return what one resolver says, by its address; raise UnansweredError."""


def addresses(names: Names, host: str) -> list[str]:
    """Return the addresses of a name, IPv4 first; raise UnansweredError."""
    return [one for rdtype in ("A", "AAAA") for one in names.lookup(host, rdtype)]


class Web(Protocol):
    """Fetches documents by HTTPS, with a certificate that is verified and no redirect followed."""

    def get(self, url: str, limit: float, address: str = "") -> Page:
        """
        Return what a server sent within so many seconds; raise UnansweredError.

        It is asked at an address, or else where this machine finds its name.
        """


@dataclass(frozen=True)
class World:
    """Whom the checks ask, and how long they wait for an answer."""

    hosts: Hosts
    names: Names
    web: Web
    clock: Callable[[], float] = time.time
    timeout: float = 30
    patience: float = 30
    port: int = 25
    progress: Progress = field(default_factory=Progress)


def side_by_side(calls: Iterable[Callable[[], Result]], workers: int = 16) -> list[Result]:
    """Make calls at the same time and return their results in the order of the calls."""
    return in_parallel(lambda call: call(), calls, workers)
