"""
Reverse DNS (RFC 1912 section 2.1): the name of each address, which leads back to the address.

The owner of an address block sets its PTR records. A PTR record that agrees with the forward DNS
shows that the owner knows the host. Receivers call this iprev (RFC 8601 section 3), and many
refuse mail from an address that fails it. The name should be the one in HELO (M3AAWG, Sender Best
Common Practices).
"""

from collections.abc import Iterable, Iterator
from functools import partial
from ipaddress import ip_address

from ...mail.settings.values.addresses import Address
from ..core.finding import Check, Finding
from ..core.inspection import completed, per_host, together
from ..core.target import CheckedHost, helo_names
from ..core.world import World

PTR = Check(
    "dns.ptr",
    "host",
    "Does every address have a name that leads back to it, and is it the name in HELO?",
    "RFC 1912 section 2.1; RFC 8601 section 3",
    why="Large receivers refuse mail from addresses without such a confirmed name.",
    remedy=(
        "Ask the provider of the address to set its PTR record to the host's name, for IPv4 and "
        "IPv6."
    ),
    when_unknown="make the name servers of the reverse zone, and those of the name, answer",
)
_MOST = 10  # names of one address that are looked up, as in SPF (RFC 7208 section 4.6.4)


@per_host(PTR, anywhere=True)
def pointers(host: CheckedHost, world: World) -> Iterable[Finding]:
    """Look up the names of every address of a host, and the addresses of these names."""
    subject = host.inventory_name
    return together(
        partial(completed, (PTR,), subject, partial(_findings, subject, hostname, address, world))
        for address, hostname in helo_names(host).items()
    )


def _findings(subject: str, hostname: str, address: Address, world: World) -> Iterator[Finding]:
    fix = f"ask the provider of {address} for: {address.reverse_pointer}. PTR {hostname}."
    names = [_plain(name) for name in world.names.lookup(address.reverse_pointer, "PTR")][:_MOST]
    if not names:
        yield PTR.error(subject, f"{address} has no PTR record", fix)
        return
    saw = f"{address} has the name {', '.join(names)}"
    confirmed = [name for name in names if _leads_back(name, address, world)]
    if not confirmed:
        rdtype = "A" if address.version == 4 else "AAAA"  # noqa: PLR2004 - the version of IP
        back = f"publish {rdtype} {address} at {names[0]}, or {fix}"
        yield PTR.error(subject, f"{saw}, which does not lead back to it", back)
    elif hostname not in confirmed:
        yield PTR.warning(subject, f"{saw}, but the host's name in HELO is {hostname}", fix)
    else:
        yield PTR.ok(subject, saw)


def _leads_back(name: str, address: Address, world: World) -> bool:
    rdtype = "A" if address.version == 4 else "AAAA"  # noqa: PLR2004 - the version of IP
    return address in {ip_address(found) for found in world.names.lookup(name, rdtype)}


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
