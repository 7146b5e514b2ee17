"""
DMARC policies for subdomains: as strict as the policy for the domain.

A subdomain without a policy of its own has that of its organizational domain: `np` if the subdomain
does not exist, else `sp`; without these tags it is `p` (RFC 9989 section 4.7). In the policy of
another domain these tags count for nothing.
"""

from collections.abc import Iterable

from ...mail.dmarc import POLICIES, Dmarc
from ...mail.dmarc_tree import organizational_domain
from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import World
from .dmarc import published, texts

DMARC_SUBDOMAINS = Check(
    "dns.dmarc_subdomains",
    "domain",
    "Is the DMARC policy for subdomains as strict as that for the domain?",
    "RFC 9989 section 4.7",
    why=(
        "Forged mail that is refused with the domain in its From header passes with a subdomain "
        "there, even one that does not exist. Readers hardly see the difference."
    ),
    remedy="Remove `sp` and `np` from the record at `_dmarc.` of the domain, or raise them to `p`.",
    worst=Severity.WARNING,
    when_unknown="fix dns.dmarc first",
)
_SHORT = 200  # characters of foreign text


@per_domain(DMARC_SUBDOMAINS, anywhere=True, sending=True)
def policies(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Check the tags for subdomains in a domain's DMARC policy."""
    found = published(domain, world)
    if not found or found.domain != domain:
        return [DMARC_SUBDOMAINS.not_applicable(domain, f"no policy at _dmarc.{domain}")]
    policy = found.policy
    saw = str(policy)[:_SHORT]
    organization = organizational_domain(domain, texts(world.names))
    if organization != domain:
        saw = f"{saw}: names below {domain} have the policy of {organization}"
        return [DMARC_SUBDOMAINS.not_applicable(domain, saw)]
    if not (weaker := _weaker(policy)):
        return [DMARC_SUBDOMAINS.ok(domain, saw)]
    fix = (
        f"remove {' and '.join(weaker)} from _dmarc.{domain}; publish a policy of its own for a "
        "subdomain that needs a weaker one"
    )
    tags = " and ".join(f"{tag}={value}" for tag, value in weaker.items())
    return [DMARC_SUBDOMAINS.warning(domain, f"{saw}: weaker than p: {tags}", fix)]


def _weaker(policy: Dmarc) -> dict[str, str]:
    """Return the tags for subdomains that ask for less than `p`."""
    known = {tag: policy[tag].lower() for tag in ("p", "sp", "np") if policy[tag]}
    weak = POLICIES[: POLICIES.index(known["p"])] if policy.counts_as_written else ()
    return {tag: value for tag, value in known.items() if tag != "p" and value in weak}
