"""
SPF results (RFC 7208 section 4) for each address from which a host sends.

A well-formed policy may still lack the host. So every address is evaluated as a receiver would do
it: for MAIL FROM of every domain of the host, and for its name in HELO, the only identity of a
bounce (section 2.4). An early pass may hide that the whole policy needs too many lookups. These are
counted too, as other policies may include this one, and it may grow.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from ...mail.errors import MailError
from ...mail.settings.bulk import Bulk
from ...mail.settings.model import Fleet, MailSettings
from ...mail.spf import Spf, is_policy
from ...mail.spf_cost import Cost, cost
from ...mail.spf_evaluation import MAX_LOOKUPS, MAX_VOID
from ...run.threads import in_parallel
from ..clients.spf_evaluation import Evaluation, evaluated, or_none
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet
from ..core.world import NameLookup, World

SENDERS = Check(
    "dns.spf_senders",
    "domain",
    "Does SPF pass for every address of every host, for the domain and for the host's own name?",
    "RFC 7208 section 4",
    why=(
        "Receivers evaluate the policy with the address of the connection. Mail from an address "
        "that does not pass, often the IPv6 one, is lost."
    ),
    remedy=(
        "Name the host in the policy, by `mx`, `a`, `ip4:` or `ip6:`, before `all`; publish "
        "`v=spf1 a -all` at the host's own name; keep within ten lookups."
    ),
)
LESS = "replace some of include, a, mx, ptr and exists by the ip4 and ip6 terms behind them"
MANY = 8  # lookups; an included policy may add the two that are left at any time


@dataclass(frozen=True)
class Claim:
    """An address of a host, and the MAIL FROM domain that it uses; without one, HELO."""

    host: str
    hostname: str
    address: str
    domain: str = ""

    @property
    def identity(self) -> str:
        """Return the name whose policy applies."""
        return self.domain or self.hostname

    def __str__(self) -> str:
        return f"{self.host} at {self.address}, {'MAIL FROM' if self.domain else 'HELO'}"


@per_fleet(SENDERS)
def senders(fleet: Fleet, world: World) -> Iterable[Finding]:
    """Evaluate the policy of every domain and host name for every address that uses it."""
    lookup = cache(world.names.lookup)  # hosts and domains share names, each is looked up once
    claims = [claim for host in fleet.hosts for claim in _claims(host)]
    yield from in_parallel(lambda claim: _result(claim, lookup), claims)
    names = dict.fromkeys(claim.identity for claim in claims)
    for findings in in_parallel(lambda name: _cost(name, lookup), names):
        yield from findings


def _claims(host: MailSettings) -> Iterator[Claim]:
    for address in map(str, host.addresses):
        for domain in ("", *host.author_domains):
            yield Claim(host.inventory_name, host.hostname, address, domain)
    if host.bulk:
        yield from _claims_of_bulk(host, host.bulk)


def _claims_of_bulk(host: MailSettings, bulk: Bulk) -> Iterator[Claim]:
    """Yield those of a bulk stream: its bounces, and what leaves by addresses of its own."""
    senders = sorted({one.partition("@")[2] for one in host.bulk_senders})
    for address in map(str, bulk.addresses):
        for domain in ("", *senders, bulk.bounces):
            yield Claim(host.inventory_name, host.bulk_name, address, domain)
    for address in map(str, () if host.bulk_addresses else host.addresses):
        yield Claim(host.inventory_name, host.hostname, address, bulk.bounces)


def _result(claim: Claim, lookup: NameLookup) -> Finding:
    return finding(claim, evaluated(claim.address, claim.domain, claim.hostname, lookup))


def finding(claim: Claim, seen: Evaluation) -> Finding:
    """Return the finding about the SPF result of a claim."""
    name, saw = claim.identity, f"{claim}: {seen.result}"
    if seen.result == "pass":
        cost = f"{seen.lookups} of {MAX_LOOKUPS} lookups, {seen.void} of {MAX_VOID} void"
        return SENDERS.ok(name, f"{saw} by {seen.decided} ({cost})")
    if seen.result == "temperror":
        fix = "make the name servers of every name in the policy answer"
        return SENDERS.unknown(name, f"{saw}: {seen.decided}", fix)
    if seen.result == "permerror":
        fix = f"correct the policy of {name}, or one that it includes: a broken policy never passes"
        return SENDERS.error(name, f"{saw}: {seen.decided}", fix)
    if seen.result == "none":
        term = f"mx {_ip(claim.address)} ~all" if claim.domain else "a -all"
        saw = f"{saw}: {name} has no policy"
        return SENDERS.error(name, saw, f'publish at {name} a TXT record: "v=spf1 {term}"')
    fix = f"write {_ip(claim.address)} into the policy of {name}, before the term that decided"
    return SENDERS.error(name, f"{saw} by {seen.decided}", fix)


def _ip(address: str) -> str:
    return f"ip6:{address}" if ":" in address else f"ip4:{address}"


def _cost(name: str, lookup: NameLookup) -> list[Finding]:
    """Count the lookups of a whole policy; the result above is about one that is not readable."""
    known = or_none(lookup)
    policies = [text for text in known(name, "TXT") or () if is_policy(text)]
    try:
        (policy,) = map(Spf.parse, policies)
    except (MailError, ValueError):
        return []
    return [counted(name, cost(policy, name, known))]


def counted(name: str, found: Cost) -> Finding:
    """Return the finding about the lookups of a whole policy."""
    version, void = found.worst
    family = f" for IPv{version} senders" if void else ""
    saw = (
        f"{name}: its whole policy needs {len(found.spent)} of {MAX_LOOKUPS} lookups, "
        f"{len(void)} void{family}"
    )
    if found.broken:
        fix = f"correct or remove these terms in the policy of {name}, or the policies they name"
        return SENDERS.error(name, f"{saw}; {found.broken}", fix)
    if len(found.spent) > MANY or len(void) > MAX_VOID:
        return SENDERS.warning(name, saw, LESS)
    if found.silent:
        fix = "make the name servers of these names answer, or remove them from the policy"
        return SENDERS.unknown(name, f"{saw}; no answer about {', '.join(found.silent)}", fix)
    return SENDERS.ok(name, saw)
