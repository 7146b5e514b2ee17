"""The stand-in for large receivers (receiver.py) on the lab's name server, and what it counts."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.runs import LAB, on, settled
from tests.lab.tls import put

PROGRAM = Path(__file__).with_name("receiver.py")
PLACE, RULES = "/run/receiver.py", "/run/receiver-rules.json"
COUNTS, DEFERS = "/run/receiver.json", "/run/receiver-defers"


@contextmanager
def standing_in(rules: Sequence[dict[str, str]] = ()) -> Iterator[None]:
    """Start the stand-in with its counts at zero, and stop it."""
    put("ns", {PLACE: PROGRAM.read_text(), RULES: json.dumps(rules)})
    on("ns", f"rm -f {COUNTS} {DEFERS}")
    addresses = ",".join(map(str, LAB.lab.addresses(LAB.host("ns"))))
    where = f"{addresses} 25 {COUNTS} {DEFERS} {RULES}"
    on("ns", f"systemd-run --quiet --unit=receiver python3 {PLACE} {where}")
    settled("ns", "ss -ltn | grep -q ':25 '")
    try:
        yield
    finally:
        on("ns", "systemctl stop receiver; systemctl reset-failed receiver 2>/dev/null || true")


def counts() -> dict[str, Any]:
    """Return what the stand-in has counted; nothing before its first message."""
    found: dict[str, Any] = json.loads(on("ns", f"cat {COUNTS} 2>/dev/null || echo '{{}}'"))
    return found


def counted(done: int) -> dict[str, Any]:
    """Return the counts once so many messages are of connections that have ended."""
    return _once(lambda found: _messages(found) >= done)


def accepted(done: int) -> dict[str, int]:
    """Return the accepted messages by source and domain, once there are so many."""
    found = _once(lambda found: sum(found.get("sources", {}).values()) >= done)
    return {str(key): int(count) for key, count in found["sources"].items()}


def _messages(found: dict[str, Any]) -> int:
    return sum(int(each) * number for each, number in found.get("messages", {}).items())


def _once(enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(1200):
        if enough(found := counts()):
            return found
        time.sleep(0.1)
    raise AssertionError(found)
