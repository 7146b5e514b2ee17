"""
Group of a recipient domain: by its name, else by its MX hosts.

An answer of the DNS is kept for its TTL. When the DNS fails, the last good answer counts, also
after a restart; a domain of which nothing is known has no group yet.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import dns.asyncresolver
import dns.exception
import dns.resolver

from .log import DEFAULT

SECONDS = 2.0  # for an answer: the queue manager waits for it
SHORTEST_TTL, LONGEST_TTL = 60, 3600
MOST_DOMAINS = 100_000
GroupMembers = Mapping[str, list[str]]  # "domains" and "mx"
Exchangers = Callable[[str], Awaitable[tuple[list[str], float]]]


def group_of(groups: Mapping[str, GroupMembers], hosts: list[str]) -> str:
    """Return the group of a domain with these MX hosts, the most preferred first."""
    for host in hosts:
        for name, members in groups.items():
            if any(host.endswith(one) if one[0] == "." else host == one for one in members["mx"]):
                return name
    return DEFAULT


async def exchangers(domain: str) -> tuple[list[str], float]:
    """Return the MX hosts of a domain, the most preferred first, and the seconds they are valid."""
    resolver = dns.asyncresolver.Resolver()
    try:
        answer = await resolver.resolve(
            f"{domain}.", "MX", raise_on_no_answer=False, lifetime=SECONDS
        )
    except dns.resolver.NXDOMAIN:
        return [], SHORTEST_TTL
    hosts = sorted((one.preference, one.exchange.to_text(omit_final_dot=True)) for one in answer)
    # RFC 5321 section 5.1: without MX records the domain is its own host.
    return [host.lower() for _, host in hosts] or [domain], answer.expiration - time.time()


@dataclass
class Membership:
    """Groups, and the group of each domain that was asked for."""

    groups: Mapping[str, GroupMembers]
    ask: Exchangers = exchangers
    known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _fresh: dict[str, float] = field(default_factory=dict)
    _asked: dict[str, asyncio.Task[str | None]] = field(default_factory=dict)

    async def group(self, domain: str) -> str | None:
        """Return the group of a domain; None if nothing is known of it."""
        if named := self._named(domain):
            return named
        if time.monotonic() < self._fresh.get(domain, 0.0):
            return self.known.get(domain)
        if domain not in self._asked:
            task = asyncio.create_task(self._answer(domain))
            self._asked[domain] = task
            task.add_done_callback(lambda _: self._asked.pop(domain, None))
        return await self._asked[domain]

    def last(self, domain: str) -> str:
        """Return the group that a domain had when it was asked for last."""
        return self._named(domain) or self.known.get(domain, DEFAULT)

    def remember(self, domains: Mapping[str, str]) -> None:
        """Take over the groups of domains from an earlier run, if they still exist."""
        self.known.update({one: group for one, group in domains.items() if group in self.groups})

    def _named(self, domain: str) -> str:
        """Return the group that names a domain; "" if its MX hosts decide."""
        return next((one for one, its in self.groups.items() if domain in its["domains"]), "")

    async def _answer(self, domain: str) -> str | None:
        try:
            hosts, ttl = await self.ask(domain)
        except dns.exception.DNSException:
            self._fresh[domain] = time.monotonic() + SHORTEST_TTL
            return self.known.get(domain)
        self.known[domain] = group_of(self.groups, hosts)
        self.known.move_to_end(domain)
        self._fresh[domain] = time.monotonic() + min(max(ttl, SHORTEST_TTL), LONGEST_TTL)
        while len(self.known) > MOST_DOMAINS:
            oldest, _ = self.known.popitem(last=False)
            self._fresh.pop(oldest, None)
        return self.known[domain]
