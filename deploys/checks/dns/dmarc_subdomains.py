"""
DMARC policies for subdomains: as strict as the policy for the domain.

A subdomain without a policy of its own has that of the domain: `np` if the subdomain does not exist
(RFC 9989), else `sp`; without these tags it is `p` (RFC 7489 section 6.3).
"""

from collections.abc import Iterable

from ...mail.dmarc import POLICIES, Dmarc
from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import World
from .dmarc import published

DMARC_SUBDOMAINS = Check(
    "dns.dmarc_subdomains",
    "domain",
    "Is the DMARC policy for subdomains as strict as that for the domain?",
    "RFC 7489 section 6.3, RFC 9989",
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
    policy = published(domain, world)
    if not policy.tags:
        return [DMARC_SUBDOMAINS.not_applicable(domain, f"no policy at _dmarc.{domain}")]
    saw = str(policy)[:_SHORT]
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
    tags = {name: value.lower() for name, value in policy.tags}
    weak = POLICIES[: policy.step] if tags else ()
    return {tag: tags[tag] for tag in ("sp", "np") if tags.get(tag) in weak}
