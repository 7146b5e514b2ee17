"""
Routes to a host's addresses, validated by RPKI (RFC 6811).

Networks that validate drop a route that contradicts a signed origin (ROA), and do not reach the
hosts behind it. RIPEstat has the routes of an address and their validation.
"""

import json
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

from ..core.finding import Check, Finding
from ..core.inspection import completed, per_host, together
from ..core.target import CheckedHost, helo_names
from ..core.world import UnansweredError, World

RPKI = Check(
    "reputation.rpki",
    "host",
    "Are the routes to the host's addresses valid by RPKI?",
    "RFC 6811 section 2",
    why="Networks that validate exchange no packets with a host behind an invalid route.",
    remedy="Ask the network that announces the addresses to correct the route or its ROA.",
    when_unknown="verify from a machine that reaches https://stat.ripe.net",
)
_API = "https://stat.ripe.net/data/{}/data.json?{}"
_MOST = 4  # networks that announce one address
_INVALID = {
    "invalid_asn": "its ROA names another network",
    "invalid_length": "its prefix is longer than its ROA allows",
    "invalid": "it contradicts its ROA",
}
_UNSIGNED = "unknown"  # RFC 6811 calls it NotFound


@per_host(RPKI, anywhere=True)
def routes(host: CheckedHost, world: World) -> Iterable[Finding]:
    """Look up the route to every address of a host."""
    name = host.inventory_name
    return together(
        partial(completed, (RPKI,), name, partial(_of_address, name, str(address), world))
        for address in helo_names(host)
    )


def _of_address(name: str, address: str, world: World) -> list[Finding]:
    if not ip_address(address).is_global:
        saw = f"{address}: not a public address, so no network announces it"
        return [RPKI.not_applicable(name, saw)]
    try:
        route = _data("network-info", world, resource=address)
        prefix, origins = str(route["prefix"]), [str(one) for one in route["asns"]][:_MOST]
        if not origins:
            saw = f"{address}: no network announces it, as far as RIPEstat sees"
            return [
                RPKI.warning(name, saw, "ask the provider of the address to announce its prefix")
            ]
        return [
            _validation(name, f"{prefix} by AS{origin}, with {address}", origin, prefix, world)
            for origin in origins
        ]
    except (KeyError, TypeError):
        return [RPKI.not_checked(name, f"{address}: RIPEstat has no answer about its route")]


def _validation(name: str, route: str, origin: str, prefix: str, world: World) -> Finding:
    status = _data("rpki-validation", world, resource=origin, prefix=prefix)["status"]
    if status == "valid":
        return RPKI.ok(name, f"{route}: valid")
    if status == _UNSIGNED:
        fix = "nothing to do; the holder of the prefix can sign its origin (ROA)"
        return RPKI.info(name, f"{route}: its origin is not signed", fix)
    if reason := _INVALID.get(str(status)):
        fix = (
            "ask the network that announces the prefix to correct the route, or its holder the ROA"
        )
        return RPKI.error(name, f"{route}: invalid, {reason}", fix)
    return RPKI.unknown(name, f"{route}: RIPEstat says {str(status)[:40]!r}", "verify again later")


def _data(call: str, world: World, **words: str) -> dict[str, Any]:
    """Return the data of an answer; raise UnansweredError if it has none."""
    url = _API.format(call, urlencode(words))
    page = world.web.get(url, world.timeout)
    try:
        data = json.loads(page.text)["data"] if page.status == HTTPStatus.OK else None
    except (ValueError, KeyError, TypeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise UnansweredError(f"{url} answered with status {page.status}, and no data")
    return data
