"""
Reverse DNS (RFC 1912 section 2.1): the name of each address, which leads back to the address.

Whoever owns an address block names its addresses, so a PTR record that agrees with the forward DNS
shows that a host is meant to be there. Receivers call this iprev (RFC 8601 section 3), and many
refuse mail from an address that fails it. The name should be the one that the host says in HELO
(M3AAWG, Sender Best Common Practices).
"""

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address

from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import UnansweredError, World, side_by_side

PTR = Check(
    "dns.ptr",
    "host",
    "Does every address have a name that leads back to it, and is it the name said in HELO?",
    "RFC 1912 section 2.1; RFC 8601 section 3",
    why="Large receivers refuse mail from addresses without a name that is confirmed so.",
    remedy=(
        "Let whoever gave you the address (the provider of the server) set its PTR record to the "
        "host's name, for IPv4 and IPv6."
    ),
)
_MOST = 10  # names of one address that are looked up, as SPF has it (RFC 7208 section 4.6.4)
Address = IPv4Address | IPv6Address


def named(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Look up the name of every address of every host, and where the name leads."""
    asked = [(host, address) for host in fleet.hosts for address in host.addresses]
    yield from side_by_side(partial(_of_address, host, address, world) for host, address in asked)


def _of_address(host: MailSettings, address: Address, world: World) -> Finding:
    try:
        return _judged(host, address, world)
    except UnansweredError as problem:
        fix = "let the name servers of the reverse zone, and those of the name, answer"
        return PTR.unknown(host.inventory_name, f"{address}: {problem}", fix)


def _judged(host: MailSettings, address: Address, world: World) -> Finding:
    subject, hostname = host.inventory_name, host.hostname
    fix = f"let the owner of {address} publish: {address.reverse_pointer}. PTR {hostname}."
    names = [_plain(name) for name in world.names.lookup(address.reverse_pointer, "PTR")][:_MOST]
    if not names:
        return PTR.error(subject, f"{address} has no PTR record", fix)
    saw = f"{address} is called {', '.join(names)}"
    confirmed = [name for name in names if _leads_back(name, address, world)]
    if not confirmed:
        rdtype = "A" if address.version == 4 else "AAAA"  # noqa: PLR2004 - the version of IP
        back = f"publish {rdtype} {address} at {names[0]}, or {fix}"
        return PTR.error(subject, f"{saw}, which does not lead back to it", back)
    if hostname not in confirmed:
        return PTR.warning(subject, f"{saw}, and not {hostname}, which the host says in HELO", fix)
    return PTR.ok(subject, saw)


def _leads_back(name: str, address: Address, world: World) -> bool:
    rdtype = "A" if address.version == 4 else "AAAA"  # noqa: PLR2004 - the version of IP
    return address in {ip_address(found) for found in world.names.lookup(name, rdtype)}


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
