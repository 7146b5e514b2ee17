"""
Volume of the bulk stream: results of deliveries by day, sending address and receiver.

The results and the position in the journal up to which they are counted are saved in one
transaction. So a program that is killed counts them again from there, and none twice.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from .log import OUTCOMES, DeliveryOutcome

KEPT_DAYS = 400
SCHEMA = """
CREATE TABLE IF NOT EXISTS volume (
    day TEXT NOT NULL, address TEXT NOT NULL, receiver TEXT NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0, deferred INTEGER NOT NULL DEFAULT 0,
    bounced INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (day, address, receiver)
);
CREATE TABLE IF NOT EXISTS position (id INTEGER PRIMARY KEY CHECK (id = 0), place TEXT NOT NULL);
"""
_ADD = {
    outcome: f"INSERT INTO volume (day, address, receiver, {outcome}) VALUES (?, ?, ?, ?) "  # noqa: S608 - a name of ours
    f"ON CONFLICT DO UPDATE SET {outcome} = {outcome} + excluded.{outcome}"
    for outcome in OUTCOMES.values()
}
_PLACE = "INSERT INTO position VALUES (0, ?) ON CONFLICT DO UPDATE SET place = excluded.place"


@dataclass(frozen=True)
class VolumeRow:
    """Results of a day (UTC) from an address of ours ("": the host's own) at a receiver."""

    day: str  # YYYY-MM-DD
    address: str
    receiver: str
    delivered: int = 0
    deferred: int = 0  # attempts
    bounced: int = 0


class Volume:
    """
    Results in a file of SQLite.

    `position` is the journal's cursor of the last entry that is counted; before the first one it is
    "@" and the seconds since 1970 from when on entries count.
    """

    def __init__(self, path: Path, now: float) -> None:
        self._connection = _opened(path)
        self._new: Counter[tuple[str, str, str, DeliveryOutcome]] = Counter()
        row = self._connection.execute("SELECT place FROM position").fetchone()
        self.position = row[0] if row else f"@{int(now)}"
        self._saved = "" if not row else self.position
        self.save()

    @property
    def after(self) -> str:
        """Return the option of journalctl for the entries that are not counted yet."""
        since = self.position.startswith("@")
        return f"--since={self.position}" if since else f"--after-cursor={self.position}"

    def note(self, day: str, address: str, receiver: str, outcome: DeliveryOutcome) -> None:
        """Count one result, which `save` writes."""
        self._new[day, address, receiver, outcome] += 1

    def of(self, day: str) -> list[VolumeRow]:
        """Return the results of a day, sorted by address and receiver."""
        self.save()
        statement = "SELECT * FROM volume WHERE day = ? ORDER BY address, receiver"
        return [VolumeRow(*row) for row in self._connection.execute(statement, (day,))]

    def save(self) -> None:
        """Write what is counted, with the position; what cannot be written waits in memory."""
        if self.position == self._saved:
            return
        try:
            with self._connection:
                for (*key, outcome), count in self._new.items():
                    self._connection.execute(_ADD[outcome], (*key, count))
                for day in self._oldest():
                    self._connection.execute("DELETE FROM volume WHERE day < ?", (day,))
                self._connection.execute(_PLACE, (self.position,))
        except sqlite3.Error as error:
            print(f"the volume is not saved: {error}", flush=True)  # noqa: T201 - its log
            return
        self._new.clear()
        self._saved = self.position

    def _oldest(self) -> Iterator[str]:
        """Yield the first day that is kept, if anything new is counted."""
        for day in sorted(key[0] for key in self._new)[-1:]:
            yield (date.fromisoformat(day) - timedelta(KEPT_DAYS)).isoformat()


def _opened(path: Path) -> sqlite3.Connection:
    """Return the connection to a file; one that is no database is kept aside."""
    try:
        return _connection(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        path.replace(path.with_suffix(".broken"))
        for end in ("-wal", "-shm"):
            path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
        return _connection(path)


def _connection(path: Path) -> sqlite3.Connection:
    with contextlib.ExitStack() as stack:
        connection = sqlite3.connect(path, timeout=10)
        stack.callback(connection.close)
        # A commit waits for no disk. After a power failure the file has an earlier state, whole.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SCHEMA)
        stack.pop_all()
    return connection
