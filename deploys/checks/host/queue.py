"""
Queue of a host: mail that it has accepted and not yet delivered (RFC 5321 section 4.5.4).

A message that waits for a slow receiver is normal. Many messages, or old ones, mostly have one
reason in common, which the queue has.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...mail import postfix
from ..core.finding import Check, Finding
from .snapshot import Snapshot

QUEUE = Check(
    "host.queue",
    "host",
    "Is the queue short, without old messages?",
    "RFC 5321 section 4.5.4",
    why="Mail that waits for hours is late or lost; its senders get a DSN only after days.",
    remedy="See `postqueue -p` for the reasons; fix them, then run `postqueue -f`.",
)
_MANY = 100


def queue(snapshot: Snapshot) -> Iterator[Finding]:
    """Check how many messages wait, how long, and for which reason."""
    name = snapshot.host.inventory_name
    if corrupt := snapshot.lines("corrupt"):
        saw = f"{name}: {len(corrupt)} corrupt queue files, such as {corrupt[0]}"
        yield QUEUE.error(
            name, saw, "read them with `postcat`, save the mail in them, then delete them"
        )
    try:
        messages = [_message(line) for line in snapshot.lines("queue")]
    except (ValueError, KeyError, TypeError, AttributeError):
        saw = f"{name}: the output of postqueue -j cannot be read"
        yield QUEUE.unknown(name, saw, "run `postqueue -p` on the host")
        return
    waiting = [one for one in messages if one["queue_name"] != "incoming"]
    oldest = max((snapshot.now - one["arrival_time"] for one in waiting), default=0.0)
    counted = Counter(str(one["queue_name"]) for one in waiting)
    counts = ", ".join(f"{number} {which}" for which, number in sorted(counted.items()))
    # A sender hears of the delay at this age; the default stands for never and for an expression.
    time = snapshot.host.postfix_value("delay_warning_time")
    delay = postfix.seconds(time, "h") or postfix.DELAY_WARNING
    if len(waiting) > _MANY or oldest > delay:
        saw = f"{name}: {counts}, the oldest for {oldest / 3600:.1f} h; {_reason(waiting)}"
        yield QUEUE.warning(
            name, saw, "fix the reason, then run `postqueue -f`, which tries all at once"
        )
    elif not corrupt:
        yield QUEUE.ok(name, f"{name}: {counts or 'the queue is empty'}")


def _message(line: str) -> Mapping[str, Any]:
    found = json.loads(line)
    reasons = [str(one.get("delay_reason", "")) for one in found["recipients"]]
    return {
        "queue_name": str(found["queue_name"]),
        "arrival_time": float(found["arrival_time"]),
        "reasons": [reason for reason in reasons if reason],
    }


def _reason(messages: Sequence[Mapping[str, Any]]) -> str:
    common = Counter(reason for one in messages for reason in one["reasons"]).most_common(1)
    return f"mostly: {common[0][0][:200]}" if common else "without a reason"
