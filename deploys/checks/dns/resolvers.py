"""
Resolvers: caches that receivers use, which may still hold old records (RFC 1034 section 4.3.4).

A resolver keeps an answer for its TTL, also the answer that a record does not exist (RFC 2308). So
after a change some receivers still see the old record. The rest of the TTL says when that ends.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ...mail import dmarc, spf
from ..core.finding import Check, Finding, Severity
from ..core.inspection import completed, per_domain, together
from ..core.target import Scope
from ..core.world import UnansweredError, World

RESOLVERS = Check(
    "dns.resolvers",
    "domain",
    "Do resolvers have the same records for mail as the zone's authoritative servers?",
    "RFC 1034 section 4.3.4; RFC 2308",
    why="A receiver with an old answer sends to the old host, or judges mail by the old policy.",
    remedy="Wait until the TTL ends; lower the TTL a day before the next change.",
    worst=Severity.WARNING,
    when_unknown="fix dns.servers first",
)


@dataclass(frozen=True)
class RecordSelection:
    """Records that mail depends on; of TXT, the values that are a policy."""

    name: str
    rdtype: str
    is_policy: Callable[[str], bool] | None = None

    def of(self, values: Iterable[str]) -> frozenset[str]:
        """Return the values that belong to it, in one spelling."""
        if self.is_policy:
            return frozenset(filter(self.is_policy, values))
        return frozenset(value.lower() for value in values)

    def __str__(self) -> str:
        return f"{self.rdtype} of {self.name}"


@per_domain(RESOLVERS, anywhere=True)
def resolvers(domain: str, scope: Scope, world: World) -> Iterable[Finding]:
    """Compare the answers of each resolver with those of the authoritative servers."""
    addresses = tuple(map(str, scope.verification.resolvers)) or world.names.resolvers()
    return together(
        partial(completed, (RESOLVERS,), domain, partial(_compared, domain, one, addresses, world))
        for one in _record_sets(domain, scope)
    )


def _record_sets(domain: str, scope: Scope) -> Iterator[RecordSelection]:
    yield RecordSelection(domain, "MX")
    yield RecordSelection(domain, "TXT", spf.is_policy)
    yield RecordSelection(f"_dmarc.{domain}", "TXT", dmarc.is_policy)
    for host in scope.hosts_for(domain):
        yield from (RecordSelection(host.hostname, rdtype) for rdtype in ("A", "AAAA"))


def _compared(
    domain: str, records: RecordSelection, addresses: Iterable[str], world: World
) -> list[Finding]:
    answers = world.names.authoritative(records.name, records.rdtype)
    # dns.servers reports servers that differ; here the answer of each counts as right.
    right = {records.of(answer.values) for answer in answers if not answer.problem}
    if not right:
        saw = f"no name server of {records.name} answers about its {records.rdtype}"
        return [RESOLVERS.not_checked(domain, saw)]
    return [_finding(domain, records, one, right, world) for one in addresses]


def _finding(
    domain: str, records: RecordSelection, resolver: str, right: set[frozenset[str]], world: World
) -> Finding:
    try:
        cached = world.names.cached(resolver, records.name, records.rdtype)
    except UnansweredError as problem:
        fix = f"find out why {resolver} does not answer, or remove it from verify_resolvers"
        return RESOLVERS.unknown(domain, f"{resolver}: {problem}", fix)
    values = records.of(cached.values)
    saw = f"{resolver}: {records} is {_text(values)}"
    if values in right:
        return RESOLVERS.ok(domain, saw) if values else RESOLVERS.not_applicable(domain, saw)
    own = _text(min(right, key=sorted))
    saw = f"{saw} for {cached.ttl} s more; the authoritative servers have {own}"
    fix = (
        f"wait {cached.ttl} s and verify again; if it stays, find out which servers {resolver} "
        f"asks for {records.name}"
    )
    return RESOLVERS.warning(domain, saw, fix)


def _text(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"
