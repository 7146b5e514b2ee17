"""
Arrival of the test messages, and the time that it takes.

A message has arrived when it is found in its mailbox. An empty queue or a reply 250 proves less.
"""

from collections.abc import Iterable, Iterator

from ...mail.settings.model import Fleet
from ...mail.settings.verification import OutsideMailbox
from ..clients.endpoint import FULL, OF_FULL, HomeMailbox
from ..core.finding import Check, Finding, Severity
from ..core.report import Message
from ..core.world import World
from .destinations import Destination
from .ends import left_out
from .exchange import Delivery
from .hops import hops_of
from .inspection import Deliveries, of_messages

ARRIVED = Check(
    "delivery.arrived",
    "domain",
    "Does a message reach the mailbox of its recipient?",
    "RFC 5321 section 6.1",
    why="A server that answers 250 can still lose the message; only the mailbox proves delivery.",
    remedy="Look for the message's id in the log and the queue of each server on its path.",
)
SECONDS = Check(
    "delivery.seconds",
    "domain",
    "Does a message arrive within 10 seconds?",
    "RFC 5321 section 4.5.4",
    why="A login code that arrives after minutes is of no use.",
    remedy="Read the `delays=` in the mail log: they show the hop where the message waited.",
    worst=Severity.WARNING,
)

SLOW = 10.0  # seconds

_IN_FLEET = "check that both ends are hosts in a group of the inventory, and answer over SSH"
_ACCEPTED = "nothing to do if delivery.recipients finds that they are accepted"
_OUTSIDE = "correct the mailbox in verify_mailboxes, and delete the test message there by hand"


@of_messages(ARRIVED, SECONDS)
def arrivals(deliveries: Deliveries, fleet: Fleet, _world: World) -> Iterator[Finding]:
    """Check the arrival of each message, and its time."""
    for delivery in deliveries:
        yield _arrival(delivery)
        if delivery.seconds is not None:
            yield _speed(delivery, delivery.seconds)
    for domain, saw in left_out(fleet):
        yield ARRIVED.info(domain, saw, _ACCEPTED)


def messages(deliveries: Iterable[Delivery]) -> tuple[Message, ...]:
    """Return the messages whose arrival can be seen, without those for a DSN."""
    return tuple(
        Message(
            id=delivery.route.message.id,
            path=delivery.route.path,
            seconds=delivery.seconds,
            arrived=delivery.received is not None,
            sender=delivery.route.message.sender,
            hops=hops_of(delivery),
            lost_at=_lost_at(delivery),
        )
        for delivery in deliveries
        if not delivery.route.unobservable and not delivery.route.message.notify
    )


def _lost_at(delivery: Delivery) -> int | None:
    """Return the station of its path that refused a message, or else the mailbox without it."""
    if delivery.received:
        return None
    if delivery.refusal or delivery.submitted is None:
        return 0 if isinstance(delivery.route.origin, str) else 1
    return delivery.route.path.count(" -> ")


def _arrival(delivery: Delivery) -> Finding:
    route, domain = delivery.route, delivery.route.domain
    if delivery.received:
        return ARRIVED.ok(domain, f"{route.path}: found in {route.places}")
    if delivery.refusal:
        saw = f"{route.path}: refused, {delivery.refusal}"
        if any(reply in delivery.refusal for reply in FULL):
            return ARRIVED.warning(domain, saw, OF_FULL)
        return ARRIVED.error(domain, saw, f"fix what the reply names, on {route.host}")
    if delivery.problem:
        outside = any(_is_outside(one) for one in route.destinations)
        fix = _OUTSIDE if outside and not delivery.silent else _IN_FLEET
        return ARRIVED.unknown(domain, f"{route.path}: {delivery.problem}", fix)
    saw = f"{route.path}: not in {route.places}"
    if delivery.deferral:
        fix = f"fix that, then run `postqueue -f` on {route.host}"
        return ARRIVED.error(domain, f"{saw}; it waits on {route.host}: {delivery.deferral}", fix)
    return ARRIVED.error(
        domain,
        saw,
        f"look for {route.message.id} in the mail log and the queue (mailq) of {route.host}, "
        "then of each server on the path",
    )


def _is_outside(destination: Destination) -> bool:
    return isinstance(destination, OutsideMailbox) and not isinstance(destination, HomeMailbox)


def _speed(delivery: Delivery, seconds: float) -> Finding:
    route = delivery.route
    saw = f"{route.path}: {seconds:.1f} s"
    if seconds <= SLOW:
        return SECONDS.ok(route.domain, saw)
    fix = f"look for {route.message.id} in the mail logs: delays= shows the hop where it waited"
    return SECONDS.warning(route.domain, saw, fix)
