"""
DNSSEC (RFC 4035): a zone is signed, and its chain of signatures holds from the root.

A validating resolver follows that chain: the DS record in each zone names the key of the zone
below. Without a DS record a zone is unsigned, and DANE (RFC 7672) has no basis. If the chain is
broken, validating resolvers answer SERVFAIL, and mail from their users waits. To other resolvers
all looks well.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from ..core.finding import Check, Finding
from ..core.inspection import completed, per_domain, together
from ..core.target import Scope
from ..core.world import Trust, World

DNSSEC = Check(
    "dns.dnssec",
    "domain",
    "Does the chain of signatures hold for the domain and for the names of its mail hosts?",
    "RFC 4035 section 5",
    why=(
        "If it is broken, validating resolvers find nothing in the zone, and mail waits. Without "
        "signatures an answer can be forged, and DANE does not work."
    ),
    remedy=(
        "Sign the zone at its provider, and give the DS record to the registrar; after a change of "
        "keys, give it the new one."
    ),
    when_unknown="write in mail_resolvers a resolver that validates and answers, such as Unbound",
)


@per_domain(DNSSEC, anywhere=True)
def chains(domain: str, scope: Scope, world: World) -> Iterable[Finding]:
    """Ask a validating resolver about a domain and about the names of its hosts."""
    queries = [(domain, "MX")]
    queries += (
        (host.hostname, "AAAA" if host.addresses[0].version > 4 else "A")  # noqa: PLR2004
        for host in scope.hosts_for(domain)
    )
    return together(
        partial(completed, (DNSSEC,), domain, partial(_findings, domain, *query, world))
        for query in queries
    )


def _findings(domain: str, name: str, rdtype: str, world: World) -> Iterator[Finding]:
    what = f"{rdtype} of {name}"
    trust = world.names.trust(name, rdtype)
    if trust is Trust.SECURE:
        yield DNSSEC.ok(domain, f"{what}: signed, and the chain from the root holds")
    elif trust is Trust.BOGUS:
        yield DNSSEC.error(domain, f"{what}: {_BOGUS}", _REPAIR)
    else:
        yield _unsigned(domain, name, what, world)


def _unsigned(domain: str, name: str, what: str, world: World) -> Finding:
    zone = world.names.delegation(name).zone or "."
    if world.names.lookup(zone, "DNSKEY"):
        fix = f"give the DS record of {zone} to the registrar, or stop signing the zone"
        saw = f"{what}: {zone} has keys, but its parent zone has no DS record for them"
        return DNSSEC.warning(domain, saw, fix)
    fix = f"for DANE, sign {zone} at its provider and give the DS record to the registrar"
    return DNSSEC.info(domain, f"{what}: {zone} is not signed, so DANE cannot work", fix)


_BOGUS = "bogus: a validating resolver answers SERVFAIL, but has an answer without validation"
_REPAIR = (
    "compare the DS record at the registrar with the keys of the zone, and check that its "
    "signatures have not expired (dnsviz.net shows the chain); or have the DS record removed"
)
