"""
The world of the checks: hosts to run commands on, names to look up, HTTPS and a clock.

It is a value, so that a test can give a world of its own.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...dns.answer import Answer, Cached, Delegation, Trust
from ...mail.errors import RefusedError, UnansweredError
from ...run.https import Page
from .progress import Progress

__all__ = [
    "Answer",
    "Cached",
    "Delegation",
    "Hosts",
    "MisbehavedError",
    "NameLookup",
    "Names",
    "Page",
    "RefusedError",
    "Trust",
    "UnansweredError",
    "Web",
    "World",
    "addresses",
]

NameLookup = Callable[[str, str], tuple[str, ...]]  # the values of a name and a record type


class MisbehavedError(Exception):
    """A server was reached and broke the SMTP protocol; the text says how."""


class Hosts(Protocol):
    """Remote commands on the hosts of the inventory."""

    def run(self, name: str, command: str, lines: Sequence[str], limit: float) -> list[str]:
        """Return the output of a command with these lines as input; raise UnansweredError."""


class Names(Protocol):
    """Queries to the DNS."""

    def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Return the answer of each authoritative server of a name; raise UnansweredError."""

    def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        """Return a resolver's answer, empty if the name does not exist; raise UnansweredError."""

    def delegation(self, name: str) -> Delegation:
        """Return the zone of a name, by its parent zone; raise UnansweredError."""

    def answers_of(self, server: str, name: str, rdtype: str) -> tuple[Answer, ...]:
        """Return the authoritative answer of a name server, at each address with a route."""

    def trust(self, name: str, rdtype: str) -> Trust:
        """Return whether a validating resolver trusts an answer; raise UnansweredError."""

    def resolvers(self) -> tuple[str, ...]:
        """Return the addresses of the resolvers."""

    def cached(self, resolver: str, name: str, rdtype: str) -> Cached:
        """Return the answer of the resolver at an address; raise UnansweredError."""


def addresses(names: Names, host: str) -> list[str]:
    """Return the addresses of a name, IPv4 first; raise UnansweredError."""
    return [one for rdtype in ("A", "AAAA") for one in names.lookup(host, rdtype)]


class Web(Protocol):
    """HTTPS requests, with a verified certificate and without following redirects."""

    def get(self, url: str, limit: float, address: str = "") -> Page:
        """
        Return the page that a server sends within `limit` seconds; raise UnansweredError.

        Without an address, it is fetched from the address of its name.
        """

    def post(self, url: str, form: str, limit: float, address: str = "") -> Page:
        """Return the answer to a form; raise UnansweredError."""


@dataclass(frozen=True)
class World:
    """The sources of answers, and the seconds that the checks wait for them."""

    hosts: Hosts
    names: Names
    web: Web
    clock: Callable[[], float] = time.time
    timeout: float = 30
    patience: float = 30
    port: int = 25
    progress: Progress = field(default_factory=Progress)
