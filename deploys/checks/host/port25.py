"""
The way out: a host reaches port 25 of others, which many providers block (RFC 5321 section 3.3).

Asked are the other mail hosts of the inventory and the mail exchangers of the witnesses' domains:
one connection each, that reads the greeting and hangs up.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import UnansweredError, World, addresses
from .snapshot import Snapshot

PORT25 = Check(
    "host.port25",
    "host",
    "Does the host reach the port 25 of others, by each of its kinds of address?",
    "RFC 5321 section 3.3",
    why="Many providers block it; then everything looks well, and no mail leaves the host.",
    remedy="Ask the provider to open outgoing port 25, and look at the host's own firewall.",
)
_MOST = 4  # connections by each family


def targets(host: MailSettings, fleet: Fleet, world: World) -> tuple[str, ...]:
    """Return addresses of mail servers that are not this host's, few of each family."""
    found = [str(one) for other in (*fleet.hosts, *fleet.others) for one in other.addresses]
    for domain in dict.fromkeys(one.address.rpartition("@")[2] for one in fleet.witnesses):
        found += _exchangers(domain, world)
    own = {str(one) for one in host.addresses}
    reachable = [one for one in dict.fromkeys(found) if one not in own]
    kinds = {address.version for address in host.addresses}
    return tuple(
        one
        for kind in sorted(kinds)
        for one in [one for one in reachable if ip_address(one).version == kind][:_MOST]
    )


def _exchangers(domain: str, world: World) -> Iterator[str]:
    try:
        records = sorted(world.names.lookup(domain, "MX"), key=_preference)
        # RFC 5321 section 5.1: without an MX record the domain itself is the exchanger.
        for name in [value.split()[-1] for value in records] or [domain]:
            yield from addresses(world.names, name.removesuffix("."))
    except UnansweredError:
        return  # fewer to ask; that nobody is left is said where it is judged


def _preference(record: str) -> int:
    first = record.split(maxsplit=1)[0]
    return int(first) if first.isdecimal() else 0


def port25(snapshot: Snapshot) -> Iterator[Finding]:
    """Judge each family of addresses: one server that greets is enough."""
    name = snapshot.host.inventory_name
    said = [line.partition(" ") for line in snapshot.lines("port25")]
    for kind in sorted({ip_address(address).version for address, _, _ in said}):
        ours = [(to, word) for to, _, word in said if ip_address(to).version == kind]
        reached = [to for to, word in ours if word.startswith("reached")]
        if reached:
            yield PORT25.ok(name, f"{name}: reaches port 25 of {', '.join(reached)}")
        else:
            to, word = ours[0]
            saw = f"{name}: reaches no port 25 over IPv{kind}; {to}: {word[-200:]}"
            fix = "ask the provider to open outgoing port 25, and look at the host's firewall"
            yield PORT25.error(name, saw, fix)
    if not said:
        saw = f"{name}: nobody to connect to is known"
        yield PORT25.unknown(name, saw, "add a witness to the inventory, or a second mail host")
