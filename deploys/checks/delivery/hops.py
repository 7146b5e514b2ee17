"""
Hops of each message: the transport to each server, and the time there.

Between hosts mail goes by TLS (RFC 7435), or every router on its way can read it. A hop within a
host, from a program to the queue or from the queue to a mailbox, crosses no network.
"""

from collections.abc import Iterator
from itertools import pairwise

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding, shortened
from ..core.report import Hop
from ..core.world import World
from .exchange import Delivery
from .inspection import per_message
from .received_header import ReceivedHeader, received_headers

HOPS = Check(
    "delivery.hops",
    "domain",
    "Does a message go by TLS at every hop, and how long is it at each?",
    "RFC 5321 section 4.4, RFC 3848, RFC 7435",
    why="Everybody on the network can read mail in clear text; a slow hop has a name.",
    remedy="Offer STARTTLS at the server, and use it at the client: see the mail logs of both.",
)

_LONGEST = 100


@per_message(HOPS)
def paths(delivery: Delivery, raw: bytes, fleet: Fleet, _world: World) -> Iterator[Finding]:
    """Check the hops of one message."""
    own_names = {host.hostname for host in fleet.hosts}
    domain, path, headers = delivery.route.domain, delivery.route.path, received_headers(raw)
    if not headers:
        fix = "configure every server to write a Received header"
        yield HOPS.error(domain, f"{path}: no server wrote a Received header", fix)
        return
    clear = [one for one in headers if one.between_hosts and not one.secure]
    in_fleet = [one for one in clear if one.by in own_names]
    for one in (in_fleet or clear)[:1]:
        saw = f"{path}: {_short(one.by)} received it in clear text from {one.address}"
        saw += f" ({_short(one.protocol)})" if one.protocol else ""
        fix = f"offer STARTTLS at {_short(one.by)}, and use it at {one.address}"
        yield HOPS.error(domain, saw, fix) if in_fleet else HOPS.warning(domain, saw, fix)
    if not clear:
        yield HOPS.ok(domain, f"{path}: {', '.join(map(_words, hops_of(delivery)))}")


def hops_of(delivery: Delivery) -> tuple[Hop, ...]:
    """Return the hops of a message, in the order of its path."""
    if delivery.received is None:
        return ()
    headers = received_headers(delivery.received.raw)[::-1]
    times = [one.at.timestamp() if one.at else None for one in headers] + [delivery.received.at]
    return tuple(
        _hop(delivery, header, begin, end)
        for header, (begin, end) in zip(headers, pairwise(times), strict=True)
    )


def _hop(delivery: Delivery, header: ReceivedHeader, begin: float | None, end: float | None) -> Hop:
    logged = delivery.log.get((header.by, header.id))
    # Dates are of two clocks, in whole seconds: a negative time is none.
    seconds = None if begin is None or end is None else float(max(0, int(end - begin)))
    return Hop(
        name=_short(header.by),
        tls=True if header.secure else False if header.between_hosts else None,
        protocol=_short(header.protocol),
        queue_id=_short(header.id),
        seconds=logged.seconds if logged else seconds,
        delays=logged.delays if logged else "",
    )


def _words(hop: Hop) -> str:
    transport = {True: " by TLS", False: " in clear text", None: ""}[hop.tls]
    if hop.delays:
        return f"{hop.name}{transport} {hop.seconds:.2f} s (delays={hop.delays})"
    return f"{hop.name}{transport}" + ("" if hop.seconds is None else f" {hop.seconds:.0f} s")


def _short(text: str) -> str:
    return shortened(text, _LONGEST)
