"""
SPF evaluated (RFC 7208 section 4): whether each address that a host sends from passes.

A policy that is well written may still leave out the host. So every address is tried as a receiver
would try it, for MAIL FROM of every domain that the host serves, and for the name that it says in
HELO, which is all that a bounce has (section 2.4). A pass on the way may hide that the policy as a
whole asks too much: that is counted too, as others include it and it may grow.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice

from ...mail.errors import MailError
from ...mail.settings.model import Fleet, MailSettings
from ...mail.spf import Spf, is_policy
from ...mail.spf_cost import ENOUGH, MAX_LOOKUPS, MAX_VOID, Cost, costs
from ..clients.spf_evaluation import Evaluation, Lookup, evaluated
from ..core.finding import Check, Finding
from ..core.world import UnansweredError, World, side_by_side

SENDERS = Check(
    "dns.spf_senders",
    "domain",
    "Does SPF let every address of every host send, for the domain and for the host's own name?",
    "RFC 7208 section 4",
    why=(
        "Receivers evaluate the policy with the address that they see. One address that does not "
        "pass, often the IPv6 one, loses mail that looks well from everywhere else."
    ),
    remedy=(
        "Let the policy name the host, by `mx`, `a`, `ip4:` or `ip6:`, before `all`; publish "
        "`v=spf1 a -all` at the host's own name; keep within ten lookups."
    ),
)
LESS = "replace some of include, a, mx, ptr and exists by the ip4 and ip6 terms that they stand for"
MANY = 8  # lookups; whoever is included may add the two that are left at any time


@dataclass(frozen=True)
class Claim:
    """A host that sends from an address as a domain, or, without one, as itself."""

    host: str
    hostname: str
    address: str
    domain: str = ""

    @property
    def identity(self) -> str:
        """Return the name whose policy decides."""
        return self.domain or self.hostname

    def __str__(self) -> str:
        return f"{self.host} at {self.address}, {'MAIL FROM' if self.domain else 'HELO'}"


def senders(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Evaluate the policy of every domain and host name for every address that sends as it."""
    lookup = cache(world.names.lookup)  # what hosts and domains share is asked for once
    claims = [claim for host in fleet.hosts for claim in _claims(host)]
    yield from side_by_side(partial(_passes, claim, lookup) for claim in claims)
    names = dict.fromkeys(claim.identity for claim in claims)
    for findings in side_by_side(partial(_affordable, name, lookup) for name in names):
        yield from findings


def _claims(host: MailSettings) -> Iterator[Claim]:
    for address in map(str, host.addresses):
        for domain in ("", *host.domains):
            yield Claim(host.inventory_name, host.hostname, address, domain)


def _passes(claim: Claim, lookup: Lookup) -> Finding:
    return judged(claim, evaluated(claim.address, claim.domain, claim.hostname, lookup))


def judged(claim: Claim, seen: Evaluation) -> Finding:
    """Judge what came of one claim."""
    name, saw = claim.identity, f"{claim}: {seen.result}"
    if seen.result == "pass":
        cost = f"{seen.lookups} of {MAX_LOOKUPS} lookups, {seen.void} of {MAX_VOID} void"
        return SENDERS.ok(name, f"{saw} by {seen.decided} ({cost})")
    if seen.result == "temperror":
        fix = "let the name servers of every name that the policy leads to answer"
        return SENDERS.unknown(name, f"{saw}: {seen.decided}", fix)
    if seen.result == "permerror":
        fix = f"correct the policy of {name}, or of what it includes: a broken one lets nobody in"
        return SENDERS.error(name, f"{saw}: {seen.decided}", fix)
    if seen.result == "none":
        term = f"mx {_ip(claim.address)} ~all" if claim.domain else "a -all"
        saw = f"{saw}, as {name} has no policy"
        return SENDERS.error(name, saw, f'publish at {name} a TXT record: "v=spf1 {term}"')
    fix = f"put {_ip(claim.address)} into the policy of {name}, before what decided"
    return SENDERS.error(name, f"{saw} by {seen.decided}", fix)


def _ip(address: str) -> str:
    return f"ip6:{address}" if ":" in address else f"ip4:{address}"


def _affordable(name: str, lookup: Lookup) -> list[Finding]:
    """Count what a whole policy costs, whoever sends; one that cannot be read is told of above."""

    def known(asked: str, rdtype: str) -> tuple[str, ...] | None:
        try:
            return lookup(asked, rdtype)
        except UnansweredError:
            return None

    policies = [text for text in known(name, "TXT") or () if is_policy(text)]
    try:
        (policy,) = map(Spf.parse, policies)
        spent = list(islice(costs(policy, name, known), ENOUGH))
    except (MailError, ValueError):
        return []
    return [counted(name, spent)]


def counted(name: str, spent: Collection[Cost]) -> Finding:
    """Judge what a whole policy costs."""
    void = sum(one.answer == () for one in spent)
    saw = f"{name}: its whole policy costs {len(spent)} of {MAX_LOOKUPS} lookups, {void} void"
    silent = [one.name for one in spent if one.answer is None]
    if len(spent) > MANY or void > MAX_VOID:
        return SENDERS.warning(name, saw, LESS)
    if silent:
        fix = "let the name servers of these names answer, or take them out of the policy"
        return SENDERS.unknown(name, f"{saw}; no answer about {', '.join(silent)}", fix)
    return SENDERS.ok(name, saw)
