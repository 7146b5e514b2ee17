"""
Results of the bulk stream by day and receiver, as the host has counted them; it runs there.

Deliveries are in the volume of the receivers' program, bounces and complaints in the event log of
the handler. Only the standard library is imported, and nothing of this project.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAYS = 14  # with today
_COLUMNS = ("delivered", "deferred", "bounced")
_KINDS = {
    **dict.fromkeys(("hard", "soft", "policy"), "returned"),
    "complaint": "complained",
    "unsubscribe": "unsubscribed",
}
_STATEMENT = """
SELECT day, receiver, sum(delivered), sum(deferred), sum(bounced) FROM volume WHERE day >= ?
GROUP BY day, receiver
"""


def bulk_results(receivers: Path, state: Path, events: Path, now: float) -> str:
    """Return the results as JSON, from the directories of both programs."""
    today = datetime.fromtimestamp(now, UTC)
    since = (today - timedelta(days=DAYS - 1)).strftime("%Y-%m-%d")
    found: dict[tuple[str, str], Counter[str]] = {}  # by day and receiver
    for day, receiver, *numbers in _volume(state / "volume.sqlite", since):
        found[day, receiver] = Counter(dict(zip(_COLUMNS, numbers, strict=True)))
    groups = _groups(receivers / "receivers.json", state / "state.json")
    for event in _events(events, since):
        address = str(event["recipient"])
        receiver = groups.get(address.rpartition("@")[2], "default") if "@" in address else ""
        found.setdefault((_day(event), receiver), Counter())[_KINDS[event["kind"]]] += 1
    rows = [{"day": key[0], "receiver": key[1], **found[key]} for key in sorted(found)]
    return json.dumps(rows)


def _volume(path: Path, since: str) -> Iterator[tuple[Any, ...]]:
    if path.exists():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            yield from database.execute(_STATEMENT, (since,))


def _groups(configuration: Path, state: Path) -> Mapping[str, str]:
    """Return the receiver group of each domain that is named or was asked for."""
    found: dict[str, str] = {}
    with suppress(OSError, ValueError, KeyError):
        found |= json.loads(state.read_text())["domains"]
    with suppress(OSError, ValueError, KeyError):
        for name, members in json.loads(configuration.read_text())["groups"].items():
            found |= dict.fromkeys(members["domains"], name)
    return found


def _events(directory: Path, since: str) -> Iterator[Mapping[str, Any]]:
    """Yield the bounces, complaints and unsubscriptions from a day on."""
    found = (one for path in _logs(directory, since) for one in _lines(path))
    yield from (one for one in found if one["kind"] in _KINDS and _day(one) >= since)


def _logs(directory: Path, since: str) -> Iterator[Path]:
    for path in directory.glob("events.jsonl*"):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d") >= since:
            yield path


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            with suppress(ValueError):  # the last line, if it is not whole yet
                yield json.loads(line)


def _day(event: Mapping[str, Any]) -> str:
    return datetime.fromtimestamp(event["time"], UTC).strftime("%Y-%m-%d")
