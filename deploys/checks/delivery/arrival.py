"""
Delivery: a message has arrived when it is found in the mailbox that it was meant for.

That a queue is empty, or that a server said 250, proves less.
"""

from collections.abc import Iterable, Iterator

from ...mail.settings.verification import OutsideMailbox
from ..core.finding import Check, Finding, Severity
from ..core.report import Message
from .exchange import Delivery
from .hops import hops_of

ARRIVED = Check(
    "delivery.arrived",
    "domain",
    "Does a message reach the mailbox that it is meant for?",
    "RFC 5321 section 6.1",
    why="It is what all the rest is for: a server that says 250 may still lose what it took.",
    remedy="Follow the message's id through the log and the queue of each server on its way.",
)
SECONDS = Check(
    "delivery.seconds",
    "domain",
    "Does that take seconds, not minutes?",
    "RFC 5321 section 4.5.4",
    why="A code to log in with that comes after minutes is of no use.",
    remedy="See the `delays=` in the mail log: they say on which hop the message sat, and why.",
    worst=Severity.WARNING,
)

SLOW = 10.0

_INSIDE = "let both ends be hosts of the inventory that answer, in the groups mail or witnesses"
_OUTSIDE = "let the mailbox open as `verify_mailboxes` says, and delete the message there by hand"


def arrivals(deliveries: Iterable[Delivery]) -> Iterator[Finding]:
    """Say of each message whether it arrived, and how fast."""
    for delivery in deliveries:
        yield _arrived(delivery)
        if delivery.seconds is not None:
            yield _speed(delivery, delivery.seconds)


def messages(deliveries: Iterable[Delivery]) -> tuple[Message, ...]:
    """Return the messages for the report; one that nobody could look for is not among them."""
    return tuple(
        Message(
            id=delivery.route.message.id,
            path=delivery.route.path,
            seconds=delivery.seconds,
            arrived=delivery.received is not None,
            sender=delivery.route.message.sender,
            hops=hops_of(delivery),
        )
        for delivery in deliveries
        if not delivery.route.elsewhere
    )


def _arrived(delivery: Delivery) -> Finding:
    route, domain = delivery.route, delivery.route.domain
    if delivery.received:
        return ARRIVED.ok(domain, f"{route.path}: found in {_places(delivery)}")
    if delivery.submitted and delivery.submitted.refusal:
        return ARRIVED.error(
            domain,
            f"{route.path}: refused, {delivery.submitted.refusal}",
            f"mend what the answer names, on {route.host}",
        )
    if delivery.unasked:
        outside = any(isinstance(box, OutsideMailbox) for box in route.boxes)
        fix = _OUTSIDE if outside and not delivery.silent else _INSIDE
        return ARRIVED.unknown(domain, f"{route.path}: {delivery.unasked}", fix)
    return ARRIVED.error(
        domain,
        f"{route.path}: not in {_places(delivery)}",
        f"look for {route.message.id} in the mail log and the queue (mailq) of {route.host}, "
        "then of each server on the way",
    )


def _speed(delivery: Delivery, seconds: float) -> Finding:
    route = delivery.route
    saw = f"{route.path}: {seconds:.1f} s"
    if seconds <= SLOW:
        return SECONDS.ok(route.domain, saw)
    fix = f"look in the mail log for {route.message.id}: the delays= of each hop say where it sat"
    return SECONDS.warning(route.domain, saw, fix)


def _places(delivery: Delivery) -> str:
    return " or ".join(f"{box.path} on {box.host}" for box in delivery.route.boxes)
