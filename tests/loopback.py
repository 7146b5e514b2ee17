"""Fleets whose mail hosts are servers on loopback, which an inventory may not name."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet

HostData = Mapping[str, Any]


def loopback_fleet(hosts: Mapping[str, HostData], witnesses: Mapping[str, HostData]) -> Fleet:
    """Return a fleet whose hosts have their addresses in `mail_addresses`, of any kind."""
    named = {
        name: {**data, "mail_addresses": [f"203.0.113.{number}"]}
        for number, (name, data) in enumerate(hosts.items(), 1)
    }
    fleet = fleet_from(named, witnesses)
    moved = tuple(
        one.model_copy(update={"addresses": _addresses(hosts[one.inventory_name])})
        for one in fleet.hosts
    )
    return fleet.model_copy(update={"hosts": moved})


def _addresses(host: HostData) -> tuple[IPv4Address | IPv6Address, ...]:
    return tuple(ip_address(one) for one in host["mail_addresses"])
