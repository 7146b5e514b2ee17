"""
Test messages are removed again: those of this run, and the notices that answer them.

It begins when everything that arrived has been read. A message that comes later than the run waits
stays, as does one in a mailbox that somebody else has locked: a mailbox is another's property.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from ..core.finding import Check, Finding, Severity
from ..core.world import UnansweredError, World, side_by_side
from .exchange import Delivery
from .remote import Mailbox, told

TIDIED = Check(
    "run.tidied",
    "host",
    "Are the test messages removed again?",
    "Debian policy 11.6",
    why="A mailbox that fills with tests hides the mail that somebody has to read.",
    remedy="Delete by hand what stays: each has a header X-Pyinfra-Mail-Test.",
    worst=Severity.WARNING,
)

_WAITS = 10.0  # for messages on their way and for locks, on the host


def tidied(deliveries: Iterable[Delivery], world: World) -> list[Finding]:
    """Remove a run's messages from each mailbox that they could arrive in."""
    deliveries = tuple(deliveries)
    world = replace(world, timeout=world.timeout + _WAITS)
    silent = {name for delivery in deliveries for name in delivery.silent}
    runs = {
        box: delivery.route.message.id.partition("-")[0]
        for delivery in deliveries
        for box in delivery.route.boxes
        if isinstance(box, Mailbox)
    }
    return side_by_side(
        partial(_unknown, box, f"{box.host} did not answer")
        if box.host in silent
        else partial(_removed, world, box, run, _coming(box, deliveries))
        for box, run in runs.items()
    )


def _coming(box: Mailbox, deliveries: Iterable[Delivery]) -> list[str]:
    """Return the numbers of messages whose notices came, and that nobody has waited for."""
    sent = [(one.route, one.route.message) for one in deliveries if one.received]
    here = {mail.recipient for route, mail in sent if box in route.boxes and not mail.notify}
    return [
        mail.id.partition("-")[2]
        for _, mail in sent
        if mail.notify == "success" and mail.recipient in here
    ]


def _removed(world: World, box: Mailbox, run: str, coming: Iterable[str]) -> Finding:
    try:
        said = told(world, box.host, ["remove.pl", box.path, run, *coming], "box")
    except UnansweredError as problem:
        return _unknown(box, str(problem))
    count, _, reason = (said or [""])[0].partition(" ")
    if not (count.isascii() and count.isdigit()):
        return _unknown(box, "the command remove.pl did not say what it did")
    if reason:
        saw = f"{box.host}: test messages stay in {box.path}: {reason}"
        return TIDIED.warning(box.host, saw, f"mend that, and delete those of {run} by hand")
    return TIDIED.ok(box.host, f"{box.host}: test messages removed from {box.path}: {count}")


def _unknown(box: Mailbox, why: str) -> Finding:
    saw = f"{box.host}: test messages may be in {box.path}: {why}"
    return TIDIED.unknown(box.host, saw, "let the host answer, and run perl; delete them by hand")
