"""
Receivers that defer bulk mail, by the messages that wait and the attempts of the day.

A few deferred messages are normal, such as those of a receiver that takes mail of an unknown sender
only at its second try.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from ...mail.report_store import day_of
from ..core.finding import Check, Finding, Severity
from .rates import results
from .snapshot import Snapshot
from .warmup import WAITS

RECEIVERS = Check(
    "bulk.receivers",
    "host",
    "Do receivers take bulk mail without deferring it?",
    "RFC 5321 section 4.5.4.1",
    why="A receiver that defers much mail of a sender refuses it later, if the reason stays.",
    remedy="Read the reason; send less, and only to people who want the mail (docs/shaping.md).",
    worst=Severity.WARNING,
)
_MANY = 20  # messages for one domain
_MANY_ATTEMPTS = 100  # at one receiver in a day
_OF_MANY = ("", "default")  # not one receiver
_SLOWED = "receivers of group "  # as the bulk instance's own reason begins


def receivers(snapshot: Snapshot) -> Iterator[Finding]:
    """Check which domains many bulk messages wait for, and why."""
    if not snapshot.host.bulk:
        return
    name = snapshot.host.inventory_name
    reasons = _reasons(snapshot)
    deferring = {
        domain: found
        for domain, found in reasons.items()
        if found.total() >= _MANY or any(_SLOWED in reason for reason in found)
    }
    for domain, found in deferring.items():
        given = Counter({one: count for one, count in found.items() if _SLOWED not in one})
        ((reason, _),) = (given or found).most_common(1)
        slowed = "; its group is slowed" if given.total() < found.total() else ""
        yield RECEIVERS.warning(
            name,
            f"{name}: {found.total()} bulk messages wait for {domain}{slowed}; mostly: "
            f"{reason[:200]}",
            f"fix the reason that {domain} gives, or send it less",
        )
    today = list(_of_today(snapshot))
    yield from today
    if not deferring and not today:
        waiting = sum(found.total() for found in reasons.values())
        yield RECEIVERS.ok(name, f"{name}: bulk messages that receivers have deferred: {waiting}")


def _of_today(snapshot: Snapshot) -> Iterator[Finding]:
    name = snapshot.host.inventory_name
    for receiver, one in results(snapshot).since(day_of(snapshot.now)).receivers.items():
        many = one.deferred >= _MANY_ATTEMPTS and one.deferred > one.delivered
        if many and receiver not in _OF_MANY:
            saw = (
                f"{name}: {receiver} has deferred {one.deferred:,} attempts today, and taken "
                f"{one.delivered:,} messages"
            )
            yield RECEIVERS.warning(name, saw, f"see why in the log, and send {receiver} less")


def _reasons(snapshot: Snapshot) -> dict[str, Counter[str]]:
    """Return the reasons for which recipients wait, by their domain, the most first."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in snapshot.lines("bulkqueue"):
        for recipient in json.loads(line)["recipients"] if line != "failed" else ():
            reason = recipient.get("delay_reason")
            if reason and WAITS not in reason:
                found[str(recipient["address"]).rpartition("@")[2]][str(reason)] += 1
    return dict(sorted(found.items(), key=lambda one: -one[1].total()))
