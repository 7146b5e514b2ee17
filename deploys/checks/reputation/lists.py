"""
The lists that are asked, where nothing else is said: what they answer, and who takes a name out.

A list answers with addresses of 127.0.0.0/8, whose last octets say why (RFC 5782 section 2.3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


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


def chosen(zones: Sequence[str] | None) -> tuple[Blocklist, ...]:
    """Return the lists that the operator names, or those that are asked otherwise."""
    if zones is None:
        return KNOWN
    known = {one.zone: one for one in KNOWN}
    return tuple(known.get(zone, Blocklist(zone)) for zone in zones)
