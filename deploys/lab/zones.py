"""The zones that a lab's name servers start with.

All hang directly from the lab's own root. What a deploy is to publish is not among them: the zones
of the mail hosts start with a website, and one of them with records of third parties, which must
outlive every deploy.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Network
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .definition import RECEIVERS, SECOND, UPDATED, Lab, LabHost
from .keys import Keys

ROOT = "."
HERE = Path(__file__).parent / "zones"
TEMPLATES = Environment(  # noqa: S701 - zone files, no HTML
    loader=FileSystemLoader(HERE),
    undefined=StrictUndefined,
    trim_blocks=True,
    keep_trailing_newline=True,
)


def names(lab: Lab) -> tuple[str, ...]:
    """Return the zones' names, each with its final dot, the root first."""
    domains = ("nic.example", "faraway.example", UPDATED, *lab.mail_domains)
    reverse = (reverse_zone(lab.network4), reverse_zone(lab.network6))
    return (ROOT, *(f"{name}." for name in (*domains, *reverse)))


def of_first(lab: Lab) -> tuple[str, ...]:
    """Return the names of the zones on the first name server."""
    return tuple(name for name in names(lab) if _server(lab, name) is not SECOND)


def reverse_zone(network: IPv4Network | IPv6Network) -> str:
    """Return the reverse zone of a network, at the last label boundary before its prefix."""
    bits = 8 if isinstance(network.network_address, IPv4Address) else 4
    host_labels = -(-(network.max_prefixlen - network.prefixlen) // bits)
    return network.network_address.reverse_pointer.split(".", host_labels)[-1]


def text(lab: Lab, keys: Keys, zone: str) -> str:
    """Return a zone as a master file (RFC 1035 section 5)."""
    return TEMPLATES.get_template(_template(zone)).render(
        lab=lab,
        keys=keys,
        ns=_server(lab, zone),
        second=SECOND,
        children={child: _server(lab, child) for child in names(lab) if child != ROOT},
        pointers=_pointers(lab, zone),
        receivers=RECEIVERS,
    )


def _server(lab: Lab, zone: str) -> LabHost:
    return SECOND if zone == f"{UPDATED}." else lab.only("ns")


def _template(zone: str) -> str:
    if zone == ROOT:
        return "root.j2"
    if zone.endswith(".arpa."):
        return "reverse.j2"
    own = f"{zone}j2"
    return own if (HERE / own).exists() else "website.j2"


def _pointers(lab: Lab, zone: str) -> list[tuple[str, str]]:
    pointers = (
        (f"{address.reverse_pointer}.", f"{host.hostname}.")
        for host in (*lab.hosts, SECOND)
        for address in lab.addresses(host)
    )
    return [pointer for pointer in pointers if pointer[0].endswith(zone)]
