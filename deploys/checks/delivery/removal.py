"""
Test messages are removed again: those of this run, and the notices that answer them.

It begins when everything that arrived has been read. A message that comes later than the run waits
stays, as does one in a mailbox that somebody else has locked: a mailbox is another's property.
"""

from collections.abc import Iterable
from functools import partial

from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.remote import Mailbox, told
from deploys.checks.finding import Finding, Question, Severity
from deploys.checks.world import UnansweredError, World, side_by_side

TIDIED = Question(
    "run.tidied",
    "host",
    "Are the test messages removed again?",
    "Debian policy 11.6",
    why="A mailbox that fills with tests hides the mail that somebody has to read.",
    remedy="Delete by hand what stays: each has a header X-Pyinfra-Mail-Test.",
    worst=Severity.WARNING,
)


def tidied(deliveries: Iterable[Delivery], world: World) -> list[Finding]:
    """Remove a run's messages from each mailbox that they could arrive in."""
    runs: dict[Mailbox, str] = {}
    silent: set[str] = set()
    for delivery in deliveries:
        silent |= delivery.silent
        run = delivery.errand.message.id.partition("-")[0]
        runs |= {box: run for box in delivery.errand.boxes if isinstance(box, Mailbox)}
    return side_by_side(
        partial(_unknown, box, f"{box.host} did not answer")
        if box.host in silent
        else partial(_removed, world, box, run)
        for box, run in runs.items()
    )


def _removed(world: World, box: Mailbox, run: str) -> Finding:
    try:
        said = told(world, box.host, ["remove.pl", box.path, run], "box")
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
    return TIDIED.unknown(box.host, saw, "mend run.host first, and delete them by hand")
