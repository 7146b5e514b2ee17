"""
The lists that are asked, where nothing else is said: what they answer, and who takes a name out.

A list answers with addresses of 127.0.0.0/8, whose last octets say why (RFC 5782 section 2.3).
One that the operator names, and nobody knows here, shows by its test points what it lists. It may
hold what is not public, as one for the hosts of a company does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from ..core.world import Names, UnansweredError, side_by_side


@dataclass(frozen=True)
class Blocklist:
    """A list: what it lists, its test points, its codes, and where one asks to be taken out."""

    zone: str
    removal: str = ""
    of: Literal["addresses", "domains"] = "addresses"
    ipv6: bool = False
    listed: str = "2.0.0.127"  # RFC 5782 section 5: always listed, and never
    unlisted: str = "1.0.0.127"
    codes: Mapping[str, str] = field(default_factory=dict)
    own: bool = False  # nobody knows it here, so it may hold what is not public


# RFC 5782 section 5, ::FFFF:7F00:2 and ::FFFF:7F00:1
LISTED_IPV6 = "2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20
UNLISTED_IPV6 = "1.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20

KNOWN = (
    Blocklist(
        "zen.spamhaus.org",
        "https://check.spamhaus.org/",
        ipv6=True,
        codes={
            "127.0.0.2": "SBL, spam",
            "127.0.0.3": "CSS, spam of low reputation",
            "127.0.0.4": "XBL, an infected machine",
            "127.0.0.9": "DROP, a hijacked network",
            "127.0.0.10": "PBL, no mail server by its provider's word",
            "127.0.0.11": "PBL, no mail server by the list's own rule",
        },
    ),
    Blocklist("bl.spamcop.net", "https://www.spamcop.net/bl.shtml"),
    Blocklist("b.barracudacentral.org", "https://www.barracudacentral.org/rbl/removal-request"),
    Blocklist("psbl.surriel.com", "https://psbl.org/remove"),
    Blocklist("dnsbl.dronebl.org", "https://dronebl.org/lookup", ipv6=True),
    Blocklist(
        "dbl.spamhaus.org",
        "https://check.spamhaus.org/",
        of="domains",
        listed="dbltest.com",
        unlisted="example.com",
        codes={
            "127.0.1.2": "spam",
            "127.0.1.4": "phishing",
            "127.0.1.5": "malware",
            "127.0.1.6": "botnet",
        },
    ),
    Blocklist(
        "multi.surbl.org",
        "https://surbl.org/surbl-analysis",
        of="domains",
        listed="test.surbl.org",
        unlisted="example.com",
    ),
)
# What Spamhaus answers instead of an answer.
REFUSALS = {
    "127.255.255.252": "the name was mistyped",
    "127.255.255.254": "it refuses public resolvers",
    "127.255.255.255": "it was asked too often",
}


def chosen(zones: Sequence[str] | None, names: Names) -> tuple[Blocklist, ...]:
    """Return the lists that the operator names, or those that are asked otherwise."""
    if zones is None:
        return KNOWN
    known = {one.zone: one for one in KNOWN}
    own = [zone for zone in zones if zone not in known]
    found = dict(zip(own, side_by_side(partial(_shown, zone, names) for zone in own), strict=True))
    return tuple(one for zone in zones for one in found.get(zone) or (known[zone],))


def _shown(zone: str, names: Names) -> tuple[Blocklist, ...]:
    """Return a list as what its test points show it to be, or else as one of addresses."""
    # RFC 5782 section 5: a list of domains holds TEST, and not INVALID.
    domains = Blocklist(zone, of="domains", listed="test", unlisted="invalid", own=True)
    addresses = Blocklist(zone, ipv6=_holds(zone, LISTED_IPV6, names), own=True)
    shown = [one for one in (addresses, domains) if _holds(zone, one.listed, names)]
    return tuple(shown) or (addresses,)


def _holds(zone: str, entry: str, names: Names) -> bool:
    try:
        return bool(names.lookup(f"{entry}.{zone}", "A"))
    except UnansweredError:
        return False  # which is told where the list is asked
