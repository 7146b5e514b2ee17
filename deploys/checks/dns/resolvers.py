"""
Resolvers as receivers use them: whether they still say something else (RFC 1034 section 4.3.4).

A resolver keeps an answer for its TTL, also the answer that there is nothing (RFC 2308), so after a
change a part of the world goes on with the old one. What is left of the TTL tells when that ends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding, Severity
from ..core.world import UnansweredError, World, side_by_side

RESOLVERS = Check(
    "dns.resolvers",
    "domain",
    "Do resolvers say what the zone's own servers say of mail?",
    "RFC 1034 section 4.3.4; RFC 2308",
    why="Whoever asks a resolver with an old answer sends to the old host, or judges by it.",
    remedy="Wait for the TTL to end; lower it a day before the next change.",
    worst=Severity.WARNING,
)


@dataclass(frozen=True)
class Fact:
    """A record set that mail depends on; of TXT, the values that begin so."""

    name: str
    rdtype: str
    version: str = ""

    def of(self, values: Iterable[str]) -> frozenset[str]:
        """Return the values that count, in one spelling."""
        if self.version:
            return frozenset(value for value in values if value.startswith(self.version))
        return frozenset(value.lower() for value in values)

    def __str__(self) -> str:
        return f"{self.rdtype} of {self.name}"


def alike(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Compare what each resolver says of every domain with what its own servers say."""
    named = tuple(map(str, fleet.verification.resolvers)) or world.names.resolvers()
    asked = [(domain, fact) for domain in fleet.domains for fact in _facts(domain, fleet)]
    calls = (partial(_compared, domain, fact, named, world) for domain, fact in asked)
    for findings in side_by_side(calls):
        yield from findings


def _facts(domain: str, fleet: Fleet) -> Iterator[Fact]:
    yield Fact(domain, "MX")
    yield Fact(domain, "TXT", "v=spf1")
    yield Fact(f"_dmarc.{domain}", "TXT", "v=DMARC1")
    for host in fleet.hosts_for(domain):
        yield from (Fact(host.hostname, rdtype) for rdtype in ("A", "AAAA"))


def _compared(domain: str, fact: Fact, named: Iterable[str], world: World) -> list[Finding]:
    try:
        answers = world.names.authoritative(fact.name, fact.rdtype)
    except UnansweredError as problem:
        return [RESOLVERS.unknown(domain, str(problem), _SERVE)]
    # Servers that differ are told of elsewhere; here each of them counts as right.
    right = {fact.of(answer.values) for answer in answers if not answer.problem}
    if not right:
        saw = f"no name server of {fact.name} answers about its {fact.rdtype}"
        return [RESOLVERS.unknown(domain, saw, _SERVE)]
    return [_judged(domain, fact, resolver, right, world) for resolver in named]


def _judged(
    domain: str, fact: Fact, resolver: str, right: set[frozenset[str]], world: World
) -> Finding:
    try:
        heard = world.names.cached(resolver, fact.name, fact.rdtype)
    except UnansweredError as problem:
        fix = f"see why {resolver} does not answer, or take it out of verify_resolvers"
        return RESOLVERS.unknown(domain, f"{resolver}: {problem}", fix)
    values = fact.of(heard.values)
    saw = f"{resolver}: {fact} is {_spoken(values)}"
    if values in right:
        return RESOLVERS.ok(domain, saw)
    saw = f"{saw} for {heard.ttl} s more; its own servers say {_spoken(min(right, key=sorted))}"
    fix = f"wait {heard.ttl} s and ask again; if it stays, see whom {resolver} asks for {fact.name}"
    return RESOLVERS.warning(domain, saw, fix)


def _spoken(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"


_SERVE = "mend dns.servers first"
