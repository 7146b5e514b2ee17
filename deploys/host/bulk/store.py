"""
The store of bulk mail: events, suppressed recipients, and what the webhook still has to deliver.

An event, its suppression and its delivery are one transaction, so that a program that is killed
has noted all of them or none. The statements are those that SQLite and PostgreSQL share.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any, Protocol

from .event import BulkEvent, StoredEvent, Suppression, SuppressionKind, SuppressionRules

DAY = 86_400  # seconds
KEPT_DAYS = 90  # events, longer than any rule counts
TEST_DAYS = 1  # the suppression of a test, which removes it itself if it is not ended before
SCHEMA = """
CREATE TABLE IF NOT EXISTS suppression (
    recipient TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, since BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS event (
    id {identity}, host TEXT NOT NULL, key TEXT NOT NULL UNIQUE, time BIGINT NOT NULL,
    kind TEXT NOT NULL, recipient TEXT NOT NULL, reason TEXT NOT NULL, status TEXT NOT NULL,
    mailing_list TEXT NOT NULL, suppressed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS event_recipient ON event (recipient, kind, time);
CREATE TABLE IF NOT EXISTS webhook (
    event BIGINT PRIMARY KEY, attempts INTEGER NOT NULL, due BIGINT NOT NULL
);
"""
_INSERT = """
INSERT INTO event (host, key, time, kind, recipient, reason, status, mailing_list)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING id
"""
_PUT = """
INSERT INTO suppression (recipient, kind, reason, since, expires) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (recipient) DO UPDATE
SET kind = excluded.kind, reason = excluded.reason, since = excluded.since,
    expires = excluded.expires
"""
# A person's own wish, or a row of the operator, stays when a bounce follows. A wish to leave has no
# end, even if the operator's row has one.
_SUPPRESS = f"""{_PUT}
WHERE suppression.kind = 'soft' OR (suppression.kind = 'hard' AND excluded.kind <> 'soft')
    OR suppression.expires BETWEEN 1 AND excluded.since
    OR (excluded.kind = 'unsubscribe' AND suppression.kind <> 'unsubscribe')
"""
_ROW = "SELECT recipient, kind, reason, since, expires FROM suppression WHERE recipient = ?"
_ROWS = "SELECT recipient, kind, reason, since, expires FROM suppression ORDER BY recipient"
_EVENTS = """
SELECT id, suppressed, key, time, kind, recipient, reason, status, mailing_list
FROM event WHERE id > ? AND host = ? ORDER BY id LIMIT ?
"""
_NEWEST = "SELECT coalesce(max(id), 0) FROM event WHERE host = ?"
_DUE = """
SELECT attempts, id, suppressed, key, time, kind, recipient, reason, status, mailing_list
FROM webhook JOIN event ON id = event WHERE due <= ? AND host = ? ORDER BY id LIMIT ?
"""
_OLD = "DELETE FROM event WHERE time < ? AND id NOT IN (SELECT event FROM webhook)"
_EXPIRED = "DELETE FROM suppression WHERE expires BETWEEN 1 AND ?"
_SOFT = "SELECT count(*) FROM event WHERE recipient = ? AND kind = 'soft' AND time > ?"


class StoreError(Exception):
    """The store cannot be used now; the text says why."""


class Store(Protocol):
    """Interface of a store; every method raises StoreError if the store cannot be used."""

    def note(self, events: Sequence[BulkEvent], *, told: bool) -> int:
        """Note events in one transaction, and return how many of them are new.

        With `told` the webhook gets them.
        """

    def suppressed(self, recipient: str, now: int) -> Suppression | None:
        """Return the suppression of a recipient that holds now."""

    def suppressions(self) -> Iterator[Suppression]:
        """Yield every suppression, sorted by recipient."""

    def put(self, rows: Iterable[Suppression]) -> int:
        """Add or replace suppressions in one transaction, and return their number."""

    def remove(self, removals: Sequence[BulkEvent], *, told: bool) -> int:
        """Remove the suppressions of these events, note them, and return how many there were."""

    def newest(self) -> int:
        """Return the number of the last event that this host has noted; 0 for none."""

    def events_after(self, number: int, most: int) -> list[StoredEvent]:
        """Return events with higher numbers, in their order."""

    def due(self, now: int, most: int) -> list[tuple[StoredEvent, int]]:
        """Return events that the webhook has to deliver now, with their attempts so far."""

    def delivered(self, number: int) -> None:
        """Note that the webhook has delivered an event."""

    def postponed(self, number: int, due: int) -> None:
        """Note that the webhook has failed to deliver an event, and tries it again then."""

    def prune(self, now: int) -> None:
        """Remove old events that are delivered, and suppressions that have expired."""


class SqlConnection(Protocol):
    """Interface of a connection to a database, with the statements that both engines share."""

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Return the rows of a query."""

    def change(self, statement: str, *values: object) -> int:
        """Return the number of rows that a statement has changed."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the block in one transaction."""


class SqlStore:
    """A store in a database; `host` names the events that this host has noted."""

    def __init__(self, connection: SqlConnection, rules: SuppressionRules, host: str) -> None:
        self._connection = connection
        self._rules = rules
        self._host = host

    def note(self, events: Sequence[BulkEvent], *, told: bool) -> int:
        """Note events in one transaction, and return how many of them are new."""
        with self._connection.transaction():
            return sum(self._note(event, told=told) for event in events)

    def suppressed(self, recipient: str, now: int) -> Suppression | None:
        """Return the suppression of a recipient that holds now."""
        rows = self._connection.rows(_ROW, recipient)
        found = Suppression(*rows[0]) if rows else None
        return found if found and not 0 < found.expires <= now else None

    def suppressions(self) -> Iterator[Suppression]:
        """Yield every suppression, sorted by recipient."""
        yield from (Suppression(*row) for row in self._connection.rows(_ROWS))

    def put(self, rows: Iterable[Suppression]) -> int:
        """Add or replace suppressions in one transaction, and return their number."""
        with self._connection.transaction():
            return sum(self._connection.change(_PUT, *astuple(row)) for row in rows)

    def remove(self, removals: Sequence[BulkEvent], *, told: bool) -> int:
        """Remove the suppressions of these events, note them, and return how many there were."""
        statement = "DELETE FROM suppression WHERE recipient = ?"
        with self._connection.transaction():
            gone = [
                event for event in removals if self._connection.change(statement, event.recipient)
            ]
            for event in gone:
                self._note(event, told=told)
        return len(gone)

    def newest(self) -> int:
        """Return the number of the last event that this host has noted; 0 for none."""
        ((number,),) = self._connection.rows(_NEWEST, self._host)
        return int(number)

    def events_after(self, number: int, most: int) -> list[StoredEvent]:
        """Return events with higher numbers, in their order."""
        return [_stored(row) for row in self._connection.rows(_EVENTS, number, self._host, most)]

    def due(self, now: int, most: int) -> list[tuple[StoredEvent, int]]:
        """Return events that the webhook has to deliver now, with their attempts so far."""
        return [
            (_stored(row[1:]), row[0]) for row in self._connection.rows(_DUE, now, self._host, most)
        ]

    def delivered(self, number: int) -> None:
        """Note that the webhook has delivered an event."""
        with self._connection.transaction():
            self._connection.change("DELETE FROM webhook WHERE event = ?", number)

    def postponed(self, number: int, due: int) -> None:
        """Note that the webhook has failed to deliver an event, and tries it again then."""
        statement = "UPDATE webhook SET attempts = attempts + 1, due = ? WHERE event = ?"
        with self._connection.transaction():
            self._connection.change(statement, due, number)

    def prune(self, now: int) -> None:
        """Remove old events that are delivered, and suppressions that have expired."""
        with self._connection.transaction():
            self._connection.change(_OLD, now - KEPT_DAYS * DAY)
            self._connection.change(_EXPIRED, now)

    def _note(self, event: BulkEvent, *, told: bool) -> bool:
        if event.test:
            self._suppress(event)
            return False
        *values, _ = astuple(event)
        rows = self._connection.rows(_INSERT, self._host, *values)
        if not rows:
            return False
        ((number,),) = rows
        if self._suppress(event):
            self._connection.change("UPDATE event SET suppressed = 1 WHERE id = ?", number)
        if told:
            self._connection.change("INSERT INTO webhook VALUES (?, 0, 0)", number)
        return True

    def _suppress(self, event: BulkEvent) -> bool:
        """Suppress the recipient of an event if it is a reason for that, and tell whether it is."""
        if wanted := self._suppression(event):
            self._connection.change(_SUPPRESS, *astuple(wanted))
        return bool(wanted)

    def _suppression(self, event: BulkEvent) -> Suppression | None:
        """Return the suppression that an event is the reason of."""
        kind: SuppressionKind
        match event.kind:
            case "hard" | "complaint" | "unsubscribe":
                kind = event.kind
            case "soft":
                after = event.time - self._rules.soft_days * DAY
                ((count,),) = self._connection.rows(_SOFT, event.recipient, after)
                if count < self._rules.soft_bounces:
                    return None
                kind = "soft"
            case _:
                return None
        soft = self._rules.soft_expiry_days if kind == "soft" else 0
        days = TEST_DAYS if event.test else soft
        expires = event.time + days * DAY if days else 0
        return Suppression(event.recipient, kind, event.reason, event.time, expires)


class SqliteConnection:
    """A file of SQLite, for a stream with one host."""

    def __init__(self, path: Path) -> None:
        with _explained():
            # Python's own transactions begin late; isolation_level None leaves them to BEGIN.
            self._connection = sqlite3.connect(
                path, timeout=10, isolation_level=None, check_same_thread=False
            )
            # synchronous=FULL: what LMTP has answered with 250 survives a power failure.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "mmap_size=268435456"):
                self._connection.execute(f"PRAGMA {pragma}")
            identity = "INTEGER PRIMARY KEY AUTOINCREMENT"
            self._connection.executescript(SCHEMA.format(identity=identity))

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        with _explained():
            return self._connection.execute(statement, values).fetchall()

    def change(self, statement: str, *values: object) -> int:
        """Return the number of rows that a statement has changed."""
        with _explained():
            return self._connection.execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the block in one transaction."""
        self.change("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.change("ROLLBACK")
            raise
        self.change("COMMIT")


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the store cannot be used: {error}") from error


def _stored(row: Sequence[Any]) -> StoredEvent:
    number, suppressed, *event = row
    return StoredEvent(number, bool(suppressed), BulkEvent(*event))
