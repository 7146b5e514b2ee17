"""Networks that may relay, and how many addresses they have."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from ...postfix import items
from ..model import HostSettings
from ..values.addresses import MAPPED, WIDEST, is_private
from .consequence import Choice, Consequence, main_key, value

# Wider networks belong to no operator: a registry gives an IPv4 /8 and an IPv6 /19 at most.
LARGEST = {4: 8, 6: 19}
MANY = 1 << 20  # public addresses of all networks together
MAPPED_BITS = 96
FIX = "name the networks of your own hosts"


def relaying(host: HostSettings) -> Iterator[Consequence]:
    """Yield the networks of mynetworks with hosts of others in them."""
    key = main_key(host, "mynetworks", "mail_networks")
    yield from wide_networks(key, value(host, "mynetworks"), "relay for")


def wide_networks(key: str, text: str, verb: str) -> Iterator[Consequence]:
    """Yield a consequence for each network in a text that is wider than an operator's own."""
    found = list(dict.fromkeys(_networks(text)))
    if re.search(r"(^|[\s,:])static:", text):
        yield Consequence(key, f"{verb} everybody", FIX, choice=Choice.NEVER)
    rest = 0
    for network in found:
        if is_private(network):
            yield Consequence(key, f"{verb} {network}", FIX, choice=Choice.FREE)
        elif network.prefixlen < WIDEST[network.version]:
            largest = network.prefixlen >= LARGEST[network.version]
            yield Consequence(
                key,
                f"{verb} {network}",
                FIX,
                f"which has {_count(network.num_addresses)}",
                Choice.OPEN if largest else Choice.NEVER,
            )
        else:
            yield Consequence(key, f"{verb} {network}", FIX, choice=Choice.FREE)
            rest += network.num_addresses if network.version == IPV4 else 0
    if rest > MANY:
        yield Consequence(key, f"{verb} {_count(rest)}", FIX)


def _networks(text: str) -> Iterator[IPv4Network | IPv6Network]:
    """Yield the networks of a list, and of a table within it; a negated one trusts nobody."""
    for item in items(text):
        inline = re.fullmatch(r"(?:cidr|inline|texthash):\{(.*)\}", item)
        words = re.findall(r"[0-9A-Fa-f.:\[\]/]+", inline[1]) if inline else [item]
        for word in words:
            if network := _network(word):
                yield network


def _network(word: str) -> IPv4Network | IPv6Network | None:
    try:
        network = ip_network(word.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None  # a table, a negation, or a mistake that Postfix tells
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        address = IPv4Address(int(network.network_address) & 0xFFFFFFFF)
        return IPv4Network((address, network.prefixlen - MAPPED_BITS), strict=False)
    return network


def _count(number: int) -> str:
    return f"{number:,} addresses"


IPV4 = 4
