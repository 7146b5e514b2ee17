"""
Outgoing port 25: a host reaches other mail servers, which many providers block.

It connects to the other mail hosts of the inventory and to the mail servers of the witnesses'
domains, reads the greeting, and hangs up.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from ...dns.answer import exchange
from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import UnansweredError, World, addresses
from .snapshot import Snapshot

PORT25 = Check(
    "host.port25",
    "host",
    "Does the host reach port 25 of other servers, over IPv4 and IPv6?",
    "RFC 5321 section 3.3",
    why="Many providers block it; then every service runs, and no mail leaves the host.",
    remedy="Ask the provider to open outgoing port 25, and check the firewall of the host; or send "
    "all mail through a relay, by mail_relay.",
)
_MOST = 4  # connections over each of IPv4 and IPv6


def targets(host: MailSettings, fleet: Fleet, world: World) -> tuple[str, ...]:
    """Return addresses of other mail servers, a few of each family."""
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
        for name in [*map(exchange, records)] or [domain]:
            yield from addresses(world.names, name)
    except UnansweredError:
        return  # the check reports it if no server is left


def _preference(record: str) -> int:
    first = record.split(maxsplit=1)[0]
    return int(first) if first.isdecimal() else 0


def port25(snapshot: Snapshot) -> Iterator[Finding]:
    """Check each family of addresses: one server that greets is enough."""
    name, relays = snapshot.host.inventory_name, snapshot.host.relays
    if relays.everything:
        servers = ", ".join(dict.fromkeys(one.host for one in relays.transports.values()))
        yield PORT25.ok(name, f"{name}: needs no port 25, as all its mail goes through {servers}")
        return
    results = [line.partition(" ") for line in snapshot.lines("port25")]
    for kind in sorted({ip_address(address).version for address, _, _ in results}):
        attempts = [(to, word) for to, _, word in results if ip_address(to).version == kind]
        reached = [to for to, word in attempts if word.startswith("reached")]
        if reached:
            yield PORT25.ok(name, f"{name}: reaches port 25 of {', '.join(reached)}")
        else:
            to, word = attempts[0]
            saw = f"{name}: reaches no port 25 over IPv{kind}; {to}: {word[-200:]}"
            fix = "ask the provider to open outgoing port 25, and check the firewall of the host; "
            fix += "or send all mail through a relay, by mail_relay (docs/relay.md)"
            yield PORT25.error(name, saw, fix)
    if not results:
        saw = f"{name}: no other mail server is known"
        yield PORT25.unknown(name, saw, "add a witness to the inventory, or a second mail host")
