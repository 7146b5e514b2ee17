"""
Warm-up for the operator and the checks: one request on standard input, listed, paused or resumed.

The request and the answer are JSON. The running program sees a change at its next answer.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .plan_day import Moment, moment
from .warmup import EVERY, Warmup, opened, plans_of

CONFIGURATION = Path("/etc/pyinfra-mail-receivers/receivers.json")


def main() -> None:
    """Answer the request on standard input; exit with one sentence if there is no state."""
    values = json.loads((Path(sys.argv[1]) if sys.argv[1:] else CONFIGURATION).read_text())
    request = json.load(sys.stdin)
    try:
        # SQLite, started by root, leaves every file to the owner of this one.
        warmup = Warmup(opened(Path(values["volume"])), plans_of(values["warmup"]))
        print(json.dumps(answer(warmup, request, moment(time.time()))))  # noqa: T201 - the answer
    except (sqlite3.Error, OSError) as error:
        sys.exit(f"the state of the warm-up cannot be used: {error}")


def answer(warmup: Warmup, request: Mapping[str, Any], at: Moment) -> object:
    """Return the answer to a request: the state, and what it changes."""
    if request["verb"] == "pause":
        for plan in warmup.plans:
            warmup.pause(plan.address, EVERY, request["reason"], at)
    elif request["verb"] == "resume":
        for plan in warmup.plans:
            warmup.resume(plan.address)
    return {
        "today": at.date,
        "days": [_row(warmup, one) for one in map(asdict, warmup.days())],
        "pauses": list(map(asdict, warmup.pauses())),
        "delivered": delivered(warmup, at),
    }


def delivered(warmup: Warmup, at: Moment) -> dict[str, dict[str, int]]:
    """Return the messages of the volume that left today by each new address, by receiver group."""
    statement = "SELECT receiver, delivered FROM volume WHERE day = ? AND address = ?"
    return {
        plan.address: dict(warmup.connection.execute(statement, (at.date, plan.address)))
        for plan in warmup.plans
    }


def _row(warmup: Warmup, day: dict[str, Any]) -> dict[str, Any]:
    """Return a day with the messages that its plan allows; 0 after the last day."""
    del day["salt"]
    plan = next(one for one in warmup.plans if one.address == day["address"])
    return {**day, "most": plan.most(day["number"]), "over": plan.is_over(day["number"])}


if __name__ == "__main__":
    main()
