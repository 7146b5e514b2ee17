"""
The way of each message, hop by hop: how it came to each server, and how long it was there.

Between hosts mail goes by TLS (RFC 7435), or everybody on the way can read it. What happens within
a host, from a program to the queue and from the queue to a mailbox, crosses no network.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.report import Hop
from .exchange import Delivery
from .received import ReceivedHeader, received_headers

HOPS = Check(
    "delivery.hops",
    "domain",
    "Does a message go by TLS from each host to the next, and where does it spend its time?",
    "RFC 5321 section 4.4, RFC 3848, RFC 7435",
    why="Mail in clear text is read by everybody on the way; a slow hop is best known by its name.",
    remedy="Let servers offer STARTTLS, and clients use it: see the mail logs of both ends.",
)

_LONGEST = 100
_BEFORE = "mend delivery.arrived first"


def travelled(deliveries: Iterable[Delivery], fleet: Fleet) -> Iterator[Finding]:
    """Judge the way of each message."""
    ours = {host.hostname for host in fleet.hosts}
    for delivery in deliveries:
        route = delivery.route
        if delivery.received is None:
            yield HOPS.unknown(route.domain, f"{route.path}: it did not arrive", _BEFORE)
        else:
            yield _judged(delivery, received_headers(delivery.received.raw), ours)


def hops_of(delivery: Delivery) -> tuple[Hop, ...]:
    """Return the hops of a message, in the order of its path."""
    if delivery.received is None:
        return ()
    headers = received_headers(delivery.received.raw)[::-1]
    times = [one.at.timestamp() if one.at else None for one in headers] + [delivery.received.at]
    return tuple(
        _hop(delivery, header, here, there)
        for header, (here, there) in zip(headers, pairwise(times), strict=True)
    )


def _judged(delivery: Delivery, headers: tuple[ReceivedHeader, ...], ours: set[str]) -> Finding:
    domain, path = delivery.route.domain, delivery.route.path
    if not headers:
        fix = "let every server write Received when it takes a message"
        return HOPS.error(domain, f"{path}: no server wrote a Received header", fix)
    clear = [one for one in headers if one.between_hosts and not one.secure]
    mine = [one for one in clear if one.by in ours]
    for one in mine or clear:
        saw = f"{path}: {_short(one.by)} took it in clear text from {one.address}"
        saw += f" ({_short(one.protocol)})" if one.protocol else ""
        fix = f"let {_short(one.by)} offer STARTTLS, and {one.address} use it"
        return HOPS.error(domain, saw, fix) if mine else HOPS.warning(domain, saw, fix)
    return HOPS.ok(domain, f"{path}: {', '.join(map(_words, hops_of(delivery)))}")


def _hop(
    delivery: Delivery, header: ReceivedHeader, here: float | None, there: float | None
) -> Hop:
    logged = delivery.log.get((header.by, header.id))
    # Dates of two clocks, without fractions: what is less than nothing is nothing.
    seconds = None if here is None or there is None else float(max(0, int(there - here)))
    return Hop(
        name=_short(header.by),
        tls=True if header.secure else False if header.between_hosts else None,
        protocol=_short(header.protocol),
        queue_id=_short(header.id),
        seconds=logged.seconds if logged else seconds,
        delays=logged.delays if logged else "",
    )


def _words(hop: Hop) -> str:
    how = {True: " by TLS", False: " in clear text", None: ""}[hop.tls]
    if hop.delays:
        return f"{hop.name}{how} {hop.seconds:.2f} s (delays={hop.delays})"
    return f"{hop.name}{how}" + ("" if hop.seconds is None else f" {hop.seconds:.0f} s")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
