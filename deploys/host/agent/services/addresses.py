"""Addresses of the host, and the dialogues that can be held with it at them."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address

from ...model.desired import Dialogue
from ..system.shell import run

LOOPBACK = "127.0.0.1"


def own_addresses() -> tuple[str, ...]:
    """Return the addresses of every interface, except those that are valid on one link only."""
    shown = run("ip", "-j", "address", "show").stdout
    interfaces = json.loads(shown) if shown.strip() else []
    infos = (info for interface in interfaces for info in interface.get("addr_info", ()))
    found = (info["local"] for info in infos if info.get("scope") != "link" and "local" in info)
    return tuple(dict.fromkeys((LOOPBACK, *found)))


def possible(dialogues: Iterable[Dialogue], own: Collection[str]) -> Iterator[Dialogue]:
    """Yield the dialogues at addresses that the host has; see `Dialogue`."""
    outside = [address for address in own if not ip_address(address).is_loopback]
    for dialogue in dialogues:
        if dialogue.closed:
            yield from (replace(dialogue, target=address) for address in outside)
        elif dialogue.target in own or dialogue.target.startswith("/"):
            yield dialogue
        elif not ip_address(dialogue.target).is_loopback:
            version = ip_address(dialogue.target).version
            alike = (each for each in outside if ip_address(each).version == version)
            yield from (replace(dialogue, target=address) for address in list(alike)[:1])
