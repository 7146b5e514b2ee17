"""
Whether the routes to a host are those that the holder of its addresses has signed (RPKI, RFC 6811).

Networks that validate drop a route which contradicts a signed one, and what is behind it cannot be
reached from there. Who announces an address, and how that is validated, RIPEstat tells.
"""

import json
from collections.abc import Iterable
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

from ..core.finding import Check, Finding
from ..core.inspection import per_host, together
from ..core.target import Host
from ..core.world import UnansweredError, World

RPKI = Check(
    "reputation.rpki",
    "host",
    "Are the routes to the host's addresses valid by RPKI?",
    "RFC 6811 section 2",
    why="Networks that validate do not reach a host behind an invalid route, nor it them.",
    remedy="Let whoever announces the addresses correct the route, or its signed origin (ROA).",
)
_API = "https://stat.ripe.net/data/{}/data.json?{}"
_FOUND = 200
_MOST = 4  # networks that announce one address
_INVALID = {
    "invalid_asn": "another network is to announce it",
    "invalid_length": "it is longer than it may be",
    "invalid": "it contradicts what is signed",
}
_UNSIGNED = "unknown"  # RFC 6811 calls it NotFound


@per_host(RPKI, anywhere=True)
def routes(host: Host, world: World) -> Iterable[Finding]:
    """Look up the route to every address of a host."""
    return together(
        partial(_of, host.inventory_name, str(address), world) for address in host.addresses
    )


def _of(name: str, address: str, world: World) -> list[Finding]:
    if not ip_address(address).is_global:
        return [RPKI.ok(name, f"{address}: not a public address, so nobody announces it")]
    fix = "ask from a machine that reaches https://stat.ripe.net"
    try:
        route = _told("network-info", world, resource=address)
        prefix, origins = str(route["prefix"]), [str(one) for one in route["asns"]][:_MOST]
        if not origins:
            saw = f"{address}: no network announces it, as far as RIPEstat sees"
            return [RPKI.warning(name, saw, "ask who gave you the address")]
        return [
            _judged(name, f"{prefix} by AS{origin}, with {address}", origin, prefix, world)
            for origin in origins
        ]
    except UnansweredError as problem:
        return [RPKI.unknown(name, str(problem), fix)]
    except (KeyError, TypeError):
        return [RPKI.unknown(name, f"{address}: RIPEstat did not tell of its route", fix)]


def _judged(name: str, route: str, origin: str, prefix: str, world: World) -> Finding:
    status = _told("rpki-validation", world, resource=origin, prefix=prefix)["status"]
    if status == "valid":
        return RPKI.ok(name, f"{route}: valid")
    if status == _UNSIGNED:
        fix = "nothing to mend; who holds the prefix may sign its origin (ROA)"
        return RPKI.info(name, f"{route}: its origin is not signed", fix)
    if reason := _INVALID.get(str(status)):
        fix = "let whoever announces the prefix correct the route, or its holder the ROA"
        return RPKI.error(name, f"{route}: invalid, {reason}", fix)
    return RPKI.unknown(name, f"{route}: RIPEstat says {str(status)[:40]!r}", "ask again later")


def _told(call: str, world: World, **words: str) -> dict[str, Any]:
    """Return the data of an answer; raise UnansweredError if it is none."""
    url = _API.format(call, urlencode(words))
    page = world.web.get(url, world.timeout)
    try:
        data = json.loads(page.text)["data"] if page.status == _FOUND else None
    except (ValueError, KeyError, TypeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise UnansweredError(f"{url} answered with status {page.status}, and no data")
    return data
