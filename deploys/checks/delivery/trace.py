"""
The way of each message, hop by hop: how it came to each server, and how long it was there.

Between hosts mail goes by TLS (RFC 7435), or everybody on the way can read it. What happens within
a host, from a program to the queue and from the queue to a mailbox, crosses no network.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.report import Stop
from .exchange import Delivery
from .received import Hop, hops_of

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
        errand = delivery.errand
        if delivery.received is None:
            yield HOPS.unknown(errand.domain, f"{errand.path}: it did not arrive", _BEFORE)
        else:
            yield _judged(delivery, hops_of(delivery.received.raw), ours)


def way(delivery: Delivery) -> tuple[Stop, ...]:
    """Return each server that a message passed, the first one first."""
    if delivery.received is None:
        return ()
    hops = hops_of(delivery.received.raw)[::-1]
    times = [hop.at.timestamp() if hop.at else None for hop in hops] + [delivery.received.at]
    return tuple(
        _stop(delivery, hop, here, there)
        for hop, (here, there) in zip(hops, pairwise(times), strict=True)
    )


def _judged(delivery: Delivery, hops: tuple[Hop, ...], ours: set[str]) -> Finding:
    domain, path = delivery.errand.domain, delivery.errand.path
    if not hops:
        fix = "let every server write Received when it takes a message"
        return HOPS.error(domain, f"{path}: no server wrote a Received header", fix)
    clear = [hop for hop in hops if hop.between_hosts and not hop.secure]
    mine = [hop for hop in clear if hop.by in ours]
    for hop in mine or clear:
        saw = f"{path}: {_short(hop.by)} took it in clear text from {hop.address}"
        saw += f" ({_short(hop.protocol)})" if hop.protocol else ""
        fix = f"let {_short(hop.by)} offer STARTTLS, and {hop.address} use it"
        return HOPS.error(domain, saw, fix) if mine else HOPS.warning(domain, saw, fix)
    return HOPS.ok(domain, f"{path}: {', '.join(map(_words, way(delivery)))}")


def _stop(delivery: Delivery, hop: Hop, here: float | None, there: float | None) -> Stop:
    logged = delivery.log.get((hop.by, hop.id))
    # Dates of two clocks, without fractions: what is less than nothing is nothing.
    seconds = None if here is None or there is None else float(max(0, int(there - here)))
    return Stop(
        name=_short(hop.by),
        tls=True if hop.secure else False if hop.between_hosts else None,
        protocol=_short(hop.protocol),
        queue_id=_short(hop.id),
        seconds=logged.seconds if logged else seconds,
        delays=logged.delays if logged else "",
    )


def _words(stop: Stop) -> str:
    how = {True: " by TLS", False: " in clear text", None: ""}[stop.tls]
    if stop.delays:
        return f"{stop.name}{how} {stop.seconds:.2f} s (delays={stop.delays})"
    return f"{stop.name}{how}" + ("" if stop.seconds is None else f" {stop.seconds:.0f} s")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
