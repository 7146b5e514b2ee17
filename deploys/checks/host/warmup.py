"""
Warm-up of the new addresses of a bulk stream: within its plan, or paused and why.

The messages of the day are those of the log, so the plan is compared with what has left.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ...mail.settings.bulk import AddressWarmup
from ..core.finding import Check, Finding, Severity
from .snapshot import Snapshot

WARMUP = Check(
    "bulk.warmup",
    "host",
    "Does bulk mail leave by a new address as its plan says?",
    "mail_warmup",
    why="Receivers defer, block or file as spam the mail of an unknown address that sends much.",
    remedy="Fix the reason of the pause, then let the warm-up go on (docs/warmup.md).",
    worst=Severity.WARNING,
)
WAITS = "the warm-up has no room"  # as the bulk instance's own reason begins
_RESUME = "fix that, then run deploys/warmup.py with --data warmup=resume"
_FEWER = "send one message a day to a recipient; see docs/warmup.md"
_OVER = "put {} first in mail_bulk.addresses, and remove its plan from mail_warmup"


def warmup(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the warm-up of each new address."""
    if not snapshot.host.warmup:
        return
    (line,) = snapshot.lines("warmup")
    state = json.loads(line)
    for plan in snapshot.host.warmup:
        wrong = [*_pauses(snapshot, plan, state), *_exceeded(snapshot, plan, state)]
        yield from wrong or (_fine(snapshot, plan, state),)


def _pauses(snapshot: Snapshot, plan: AddressWarmup, state: Mapping[str, Any]) -> Iterator[Finding]:
    name = snapshot.host.inventory_name
    for one in _of(plan, state["pauses"]):
        since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(one["since"]))
        where = f"group {one['receiver']}" if one["receiver"] else "all receivers"
        saw = f"{name}: no mail leaves by {plan.address} to {where} since {since}: {one['reason']}"
        yield WARMUP.warning(name, saw, _RESUME)


def _exceeded(
    snapshot: Snapshot, plan: AddressWarmup, state: Mapping[str, Any]
) -> Iterator[Finding]:
    name, left = snapshot.host.inventory_name, state["delivered"][str(plan.address)]
    for day in _today(plan, state):
        if left.get(day["receiver"], 0) > day["most"]:
            yield WARMUP.warning(
                name,
                f"{name}: {left[day['receiver']]} messages left by {plan.address} to group "
                f"{day['receiver']} today, and the plan allows {day['most']}",
                _FEWER,
            )


def _fine(snapshot: Snapshot, plan: AddressWarmup, state: Mapping[str, Any]) -> Finding:
    name, address = snapshot.host.inventory_name, plan.address
    days, left = _of(plan, state["days"]), state["delivered"][str(address)]
    if state["today"] < plan.start.isoformat():
        return WARMUP.ok(name, f"{name}: the warm-up of {address} begins on {plan.start}")
    if days and all(day["over"] for day in days):
        fix = _OVER.format(address)
        return WARMUP.info(name, f"{name}: the plan of {address} is over at all its receivers", fix)
    sent = ", ".join(
        f"{day['receiver']}: {left.get(day['receiver'], 0)} of {day['most']} (day {day['number']})"
        for day in _today(plan, state)
    )
    waiting = sum(WAITS in line for line in snapshot.lines("bulkqueue"))
    saw = f"{name}: messages by {address} today: {sent or 'none'}, of {len(plan.plan)} days"
    return WARMUP.ok(name, f"{saw}; messages that wait for it: {waiting}")


def _today(plan: AddressWarmup, state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the days of a plan that are today's, at each receiver group."""
    days = _of(plan, state["days"])
    return [day for day in days if day["date"] == state["today"] and not day["over"]]


def _of(plan: AddressWarmup, rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["address"] == str(plan.address)]
