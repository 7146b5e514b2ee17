"""Fleets and their initial zones, for the tests of the zones."""

from typing import Any

from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from tests.zones.memory import STORES, RecordSets

HARBOR, ORCHARD = "harbor.example", "orchard.example"
DNS = {"class": "tests.zones.memory.MemoryProvider", "server": "memory"}


def harbor() -> RecordSets:
    """A zone with a website, a site verification and an SPF policy that lets others in."""
    return {
        (HARBOR, "NS"): (3600, ("ns.nic.example.",)),
        (HARBOR, "TXT"): (
            300,
            ('"site-verification=1f3a"', '"v=spf1 include:_spf.faraway.example ~all"'),
        ),
        (f"www.{HARBOR}", "A"): (300, ("198.51.100.80",)),
        (f"www.{HARBOR}", "AAAA"): (300, ("2001:db8:80::80",)),
        (f"blog.{HARBOR}", "CNAME"): (300, (f"www.{HARBOR}.",)),
    }


def orchard() -> RecordSets:
    """A zone with a website and no mail."""
    return {
        (ORCHARD, "NS"): (3600, ("ns.nic.example.",)),
        (f"www.{ORCHARD}", "A"): (300, ("198.51.100.80",)),
    }


def served(**zones: RecordSets) -> dict[str, RecordSets]:
    """Put zones, by the first label of their names, on the provider in memory."""
    STORES["memory"] = {f"{label}.example": held for label, held in zones.items()}
    return STORES["memory"]


def host(number: int, domain: str, **data: Any) -> dict[str, Any]:
    """The inventory's data of a mail host of a domain."""
    return {
        "mail_hostname": f"mx{number}.{domain}",
        "mail_addresses": [f"198.51.100.1{number}", f"2001:db8:51::1{number}"],
        "mail_domains": [domain],
        "mail_dns": DNS,
        **data,
    }


def fleet(mx1: dict[str, Any] | None = None, mx2: dict[str, Any] | None = None) -> Fleet:
    """Two mail hosts with a domain each; what is given replaces their data."""
    both = {"mx1": host(1, HARBOR) | (mx1 or {}), "mx2": host(2, ORCHARD) | (mx2 or {})}
    return fleet_from(both, {})
