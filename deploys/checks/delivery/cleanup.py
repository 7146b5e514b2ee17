"""
Cleanup: the test messages of the run, and their notifications, are removed from the mailboxes.

Messages that an interrupted run has left there for over an hour are removed with them.

It begins when every message that arrived has been read. A message that arrives later stays, and so
does every message in a mailbox that another program has locked.
"""

from collections.abc import Iterable
from dataclasses import replace

from ...run.threads import in_groups
from ..core.finding import Check, Finding, Severity
from ..core.world import UnansweredError, World
from .exchange import Delivery
from .host_commands import CHANNELS, Mailbox, output_of

TIDIED = Check(
    "run.tidied",
    "host",
    "Are the test messages removed again?",
    "Debian policy 11.6",
    why="Test messages in a mailbox hide the mail that a person has to read.",
    remedy="Delete those that stay by hand: each has a header X-Pyinfra-Mail-Test.",
    worst=Severity.WARNING,
)

_WAIT = 10.0  # seconds on the host, for late messages and for locks


def removals(deliveries: Iterable[Delivery], world: World) -> list[Finding]:
    """Remove a run's messages from each mailbox where they can arrive."""
    deliveries = tuple(deliveries)
    world = replace(world, timeout=world.timeout + _WAIT)
    silent = {name for delivery in deliveries for name in delivery.silent}
    runs = {
        one: delivery.route.message.id.partition("-")[0]
        for delivery in deliveries
        for one in (*delivery.route.destinations, *delivery.route.copies)
        if isinstance(one, Mailbox)
    }

    def finding(mailbox: Mailbox) -> Finding:
        if mailbox.host in silent:
            return _unknown(mailbox, f"{mailbox.host} did not answer")
        return _removal(world, mailbox, runs[mailbox], _expected(mailbox, deliveries))

    return in_groups(finding, runs, lambda mailbox: mailbox.host, CHANNELS)


def _expected(mailbox: Mailbox, deliveries: Iterable[Delivery]) -> list[str]:
    """Return the numbers of messages here that were not waited for: with a DSN, and copies."""
    sent = [(one.route, one.route.message) for one in deliveries if one.received]
    arrived = {
        mail.recipient for route, mail in sent if mailbox in route.destinations and not mail.notify
    }
    return [
        mail.id.partition("-")[2]
        for route, mail in sent
        if (mail.notify == "success" and mail.recipient in arrived) or mailbox in route.copies
    ]


def _removal(world: World, mailbox: Mailbox, run: str, expected: Iterable[str]) -> Finding:
    try:
        output = output_of(world, mailbox.host, ["remove.pl", mailbox.path, run, *expected], "box")
    except UnansweredError as problem:
        return _unknown(mailbox, str(problem))
    count, _, reason = (output or [""])[0].partition(" ")
    if not (count.isascii() and count.isdigit()):
        return _unknown(mailbox, "the command remove.pl ended without a result")
    if reason:
        saw = f"{mailbox.host}: test messages stay in {mailbox.path}: {reason}"
        return TIDIED.warning(mailbox.host, saw, f"fix that, and delete those of {run} by hand")
    return TIDIED.ok(
        mailbox.host, f"{mailbox.host}: test messages removed from {mailbox.path}: {count}"
    )


def _unknown(mailbox: Mailbox, why: str) -> Finding:
    saw = f"{mailbox.host}: test messages may be in {mailbox.path}: {why}"
    return TIDIED.unknown(
        mailbox.host, saw, "delete them by hand; check the connection to the host, and perl on it"
    )
