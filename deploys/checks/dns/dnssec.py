"""
DNSSEC (RFC 4035): whether a zone is signed, and whether the world can follow its signatures.

A validating resolver follows the chain from the root: each zone's DS record names the key of the
zone below. Where no DS is, a zone is unsigned for the world, and DANE (RFC 7672) has nothing to
stand on. Where the chain is broken, validating resolvers answer SERVFAIL, and mail from all who use
one waits, although everything looks well to the others.
"""

from collections.abc import Iterator
from functools import partial

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.world import Trust, UnansweredError, World, side_by_side

DNSSEC = Check(
    "dns.dnssec",
    "domain",
    "Does the chain of signatures hold, for the domain and for the names of its mail hosts?",
    "RFC 4035 section 5",
    why=(
        "Where it is broken, validating resolvers find nothing of the zone, and mail waits. "
        "Without signatures an answer can be forged, and DANE cannot be."
    ),
    remedy=(
        "Sign the zone at its provider, and hand the DS record to the registrar; after a change of "
        "keys, the new one."
    ),
)


def trusted(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask a validating resolver about every domain, and about the names of its hosts."""
    asked = [one for domain in fleet.domains for one in _names(domain, fleet)]
    yield from side_by_side(partial(_judged, *one, world) for one in asked)


def _names(domain: str, fleet: Fleet) -> Iterator[tuple[str, str, str]]:
    yield domain, domain, "MX"
    for host in fleet.hosts_for(domain):
        yield domain, host.hostname, "AAAA" if ":" in str(host.addresses[0]) else "A"


def _judged(domain: str, name: str, rdtype: str, world: World) -> Finding:
    what = f"{rdtype} of {name}"
    try:
        trust = world.names.trust(name, rdtype)
        if trust is Trust.SECURE:
            return DNSSEC.ok(domain, f"{what}: signed, and the chain from the root holds")
        if trust is Trust.BOGUS:
            return DNSSEC.error(domain, f"{what}: {_BOGUS}", _MEND)
        return _unsigned(domain, name, what, world)
    except UnansweredError as problem:
        return DNSSEC.unknown(domain, f"{what}: {problem}", _VALIDATE)


def _unsigned(domain: str, name: str, what: str, world: World) -> Finding:
    zone = world.names.delegation(name).zone or "."
    if world.names.lookup(zone, "DNSKEY"):
        fix = f"hand the DS record of {zone} to the registrar, or stop to sign the zone"
        saw = f"{what}: {zone} has keys, but the zone above it no DS record of them"
        return DNSSEC.warning(domain, saw, fix)
    fix = f"sign {zone} at its provider and hand the DS record to the registrar, if DANE is wanted"
    return DNSSEC.info(domain, f"{what}: {zone} is not signed, so DANE cannot work", fix)


_BOGUS = "bogus: a validating resolver answers SERVFAIL, and has an answer if it does not validate"
_MEND = (
    "compare the DS record at the registrar with the keys of the zone, and see that its signatures "
    "have not expired (dnsviz.net shows the chain); or have the DS record removed"
)
_VALIDATE = "let mail_resolvers name a resolver that validates and answers, such as Unbound"
