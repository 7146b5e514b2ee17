"""Blocklists, registrations and routes: good, and bad."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from deploys.checks.core.world import Answer, Page
from deploys.checks.reputation import blocklists, dnsbl, rdap, rpki
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.verification import Verification
from tests.checks.cases.pair import Case, Pair
from tests.checks.worlds import Pages, Zone, fleet, world

ZONES = ("zen.spamhaus.org", "dbl.spamhaus.org")
ENTRY = "8.8.8.8.zen.spamhaus.org"
Names = Mapping[str, Sequence[str]]
POINTS: Names = {
    f"{point}.{one.zone}": values
    for one in dnsbl.KNOWN
    for point, values in ((one.listed, ("127.0.0.2",)), (one.unlisted, ()))
} | {f"{dnsbl.LISTED_IPV6}.zen.spamhaus.org": ("127.0.0.2",)}


def public(zones: tuple[str, ...] | None = ZONES) -> Fleet:
    """Return a host at a public address, of a domain that can be registered."""
    ours = fleet({"mail_addresses": ["8.8.8.8"], "mail_domains": ["harbor.net"]})
    return ours.model_copy(update={"verification": Verification(blocklists=zones)})


def listing(changed: Names, ours: Fleet | None = None) -> Case:
    """Ask lists that hold what is given, besides their test points."""
    records = {
        (name, "A"): [Answer("ns", tuple(values))] for name, values in {**POINTS, **changed}.items()
    }
    return lambda folder: blocklists.entries(
        ours or public(), replace(world(folder), names=Zone(records))
    )


def registered(since: float, until: float = 300) -> Case:
    """Ask a registry, by way of a redirect, of a domain that is so many days old."""
    now = datetime.now(UTC)
    events = [
        {"eventAction": what, "eventDate": (now + timedelta(days=days)).isoformat()}
        for what, days in (("registration", -since), ("expiration", until))
    ]
    return answered(json.dumps({"events": events}))


def answered(text: str, status: int = 200) -> Case:
    elsewhere = "https://rdap.registry.example/domain/harbor.net"
    pages = Pages(
        {
            "https://rdap.org/domain/harbor.net": Page(302, "", "", elsewhere),
            elsewhere: Page(status, "application/rdap+json", text),
        }
    )
    return lambda folder: rdap.registrations(public(), replace(world(folder), web=pages))


STAT = "https://stat.ripe.net/data"
NETWORK = f"{STAT}/network-info/data.json?resource=8.8.8.8"
VALIDATION = f"{STAT}/rpki-validation/data.json?resource=15169&prefix=8.8.8.0%2F24"


def routed(status: object, origins: object = ("15169",)) -> Case:
    """Ask for a route that is announced by these networks, and validated so."""
    told = {
        NETWORK: {"asns": origins, "prefix": "8.8.8.0/24"},
        VALIDATION: {"status": status},
    }
    pages = {
        url: Page(200, "application/json", json.dumps({"data": data})) for url, data in told.items()
    }
    return lambda folder: rpki.routes(public(), replace(world(folder), web=Pages(pages)))


CASES: Mapping[str, Pair] = {
    "reputation.blocklists": Pair(listing({}), listing({ENTRY: ["127.0.0.4"]})),
    "reputation.domain_lists": Pair(
        listing({}), listing({"harbor.net.dbl.spamhaus.org": ["127.0.1.2"]})
    ),
    "reputation.rpki": Pair(
        routed("valid"),
        routed("invalid_asn"),
        not_in_lab="RIPEstat is on the Internet, where no network announces the lab",
    ),
    "reputation.age": Pair(
        registered(4000),
        registered(3),
        not_in_lab="its registry is on the Internet, and has none of the lab's reserved names",
    ),
}
