"""IP addresses and networks in an inventory, and those that no host or operator can mean."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

from .forms import Words

IPAddress = IPv4Address | IPv6Address
# Networks of one organisation: RFC 1122, RFC 1918, RFC 6598, RFC 4193, RFC 4291.
PRIVATE = tuple(
    map(
        ip_network,
        (
            *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            *("169.254.0.0/16", "fc00::/7", "fe80::/10"),
        ),
    )
)
# IPv6 networks that stand for IPv4 hosts of others: RFC 6052, RFC 4380.
TRANSLATED = tuple(map(ip_network, ("64:ff9b::/96", "2001::/32")))
MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291 section 2.5.5.2
# The widest networks that one operator can trust, by version.
WIDEST = {4: 16, 6: 32}


def server_address(value: object) -> IPAddress:
    """Return an address that a server can have."""
    try:
        address = ip_address(str(value))
    except ValueError:
        sentence = f"{value!r} is not an address; write one like '203.0.113.25' or '2001:db8::25'"
        raise ValueError(sentence) from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        raise ValueError(f"{value!r} is an IPv4 address in IPv6; write '{address.ipv4_mapped}'")
    kind = _kind(address)
    if kind:
        raise ValueError(f"{value!r} is {kind}, which no server has; write the server's address")
    return address


def _kind(address: IPAddress) -> str:
    """Return the kind of an address that belongs to no server; "" for others."""
    kinds = {
        "a multicast address": address.is_multicast,
        "the unspecified address": address.is_unspecified,
        "an address of the network 0.0.0.0/8": address in ip_network("0.0.0.0/8"),
        "a reserved address": address.version == 4 and address.is_reserved,  # noqa: PLR2004
    }
    return next((kind for kind, applies in kinds.items() if applies), "")


def _host_address(value: object) -> IPAddress:
    """Return an address that other hosts can reach."""
    address = server_address(value)
    if address.is_loopback:
        raise ValueError(f"{value!r} is a loopback address; write the address that others reach")
    if address.is_link_local or getattr(address, "scope_id", None):
        raise ValueError(
            f"{value!r} is valid on one link only; write the address that others reach"
        )
    return address


def _network(value: object) -> str:
    try:
        network = ip_network(str(value), strict=False)
    except ValueError:
        sentence = f"{value!r} is not a network; write one like '203.0.113.0/24'"
        raise ValueError(sentence) from None
    if str(network.network_address) != str(value).partition("/")[0].strip().lower():
        network = _exact(value, network)
    _refuse_others(value, network)
    return str(network)


def _exact(value: object, network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Return a network that was written in another form; refuse the address of a host in it."""
    if ip_address(str(value).partition("/")[0]) != network.network_address:
        raise ValueError(f"{value!r} has bits of a host; write '{network}'")
    return network


def _refuse_others(value: object, network: IPv4Network | IPv6Network) -> None:
    """Refuse a network that must hold hosts of others, because its hosts may relay."""
    if isinstance(network, IPv6Network) and _within(network, MAPPED):
        raise ValueError(f"{value!r} is an IPv4 network in IPv6; write the IPv4 network")
    if is_private(network):
        return
    if network.prefixlen < WIDEST[network.version] or network in TRANSLATED:
        raise ValueError(
            f"{value!r} has hosts of others, which could relay; write the networks of your hosts"
        )
    if network.is_multicast:
        raise ValueError(f"{value!r} is a multicast network; write networks of hosts")


def is_private(network: IPv4Network | IPv6Network) -> bool:
    """Tell if a network is within those that one organisation has for itself."""
    return any(_within(network, one) for one in PRIVATE)


def _within(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]


Address = Annotated[IPv4Address | IPv6Address, PlainValidator(server_address), Words("IP address")]
HostAddress = Annotated[
    IPv4Address | IPv6Address, PlainValidator(_host_address), Words("IP address")
]
Network = Annotated[str, BeforeValidator(_network), Words("network")]
