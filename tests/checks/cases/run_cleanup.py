"""Test messages that are removed again, and one that cannot be removed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding
from deploys.checks.delivery.cleanup import removals
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox
from deploys.checks.delivery.test_messages import Route
from tests.checks.cases.pair import Case, Pair
from tests.checks.worlds import world

MESSAGE = TestMessage("run-1", "a@b.example", "visitor@faraway.example", "a@b.example")


def removed(ending: bytes) -> Case:
    """Remove a message with these octets after it."""

    def case(folder: Path) -> Iterable[Finding]:
        here = world(folder)
        box = folder / "box"
        box.write_bytes(b"From x Mon Oct  5 09:30:00 2026\n" + MESSAGE.compose() + ending)
        route = Route(MESSAGE, "mx1", "harbor.example", (Mailbox("peer", str(box)),))
        return removals([Delivery(route)], here)

    return case


CASES: Mapping[str, Pair] = {
    "run.tidied": Pair(
        removed(b"\n"),
        removed(b"A footer.\n"),
        "test_verify.test_a_witness_that_cannot_remove_them_is_told_and_fails_nothing",
    )
}
