"""
Blocklists in the DNS (DNSBL, RFC 5782): the default ones, with their codes and delisting pages.

A list answers with addresses of 127.0.0.0/8, whose last octets are codes for reasons (RFC 5782
section 2.3). Another list that the operator names shows by its test points which entries it has. It
can contain private addresses, as a company's own list does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...run.threads import in_parallel
from ..core.world import Names, UnansweredError


@dataclass(frozen=True)
class Blocklist:
    """A list: its kind of entries, its test points and codes, and its delisting page."""

    zone: str
    delisting: str = ""
    of: Literal["addresses", "domains"] = "addresses"
    ipv6: bool = False
    listed: str = "2.0.0.127"  # RFC 5782 section 5: always listed, and never
    unlisted: str = "1.0.0.127"
    codes: Mapping[str, str] = field(default_factory=dict)
    own: bool = False  # of the operator, so it can contain private entries


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
            "127.0.0.10": "PBL, an address for no mail server, says its provider",
            "127.0.0.11": "PBL, an address for no mail server, says Spamhaus",
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
# Spamhaus answers with these if it refuses a question.
REFUSALS = {
    "127.255.255.252": "the name was mistyped",
    "127.255.255.254": "it refuses public resolvers",
    "127.255.255.255": "it was asked too often",
}


def blocklists(zones: Sequence[str] | None, names: Names) -> tuple[Blocklist, ...]:
    """Return the lists that the operator names, or else the default ones."""
    if zones is None:
        return KNOWN
    known = {one.zone: one for one in KNOWN}
    own = [zone for zone in zones if zone not in known]
    found = dict(zip(own, in_parallel(lambda zone: _of_zone(zone, names), own), strict=True))
    return tuple(one for zone in zones for one in found.get(zone) or (known[zone],))


def _of_zone(zone: str, names: Names) -> tuple[Blocklist, ...]:
    """Return a list by its test points; without them it is one of addresses."""
    # RFC 5782 section 5: a list of domains has TEST, and never INVALID.
    domains = Blocklist(zone, of="domains", listed="test", unlisted="invalid", own=True)
    addresses = Blocklist(zone, ipv6=_holds(zone, LISTED_IPV6, names), own=True)
    found = [one for one in (addresses, domains) if _holds(zone, one.listed, names)]
    return tuple(found) or (addresses,)


def _holds(zone: str, entry: str, names: Names) -> bool:
    try:
        return bool(names.lookup(f"{entry}.{zone}", "A"))
    except UnansweredError:
        return False  # the check of an entry reports it
