"""
Warm-up of new addresses: grants of a day by receiver group, which never exceed its plan.

A recipient that is granted keeps its grant for that day of the plan, so that a second attempt is
not counted again. A grant is on the disk before Postfix hears of it: a program that is killed never
gives more than the plan. Recipients are kept as keyed digests, and no longer than their day.
"""

import contextlib
import hashlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

from .log import DeliveryOutcome
from .plan_day import Moment, PlanDay, WarmupPlan, next_day

MOST_TEXT = 200  # characters of a reason
# Fewer say nothing about a share.
FEWEST_DEFERRALS, FEWEST_BOUNCES = 10, 5
EVERY = ""  # receiver of a pause that an operator makes
SCHEMA = """
CREATE TABLE IF NOT EXISTS plan_day (
    address TEXT NOT NULL, receiver TEXT NOT NULL, start TEXT NOT NULL, number INTEGER NOT NULL,
    date TEXT NOT NULL, began REAL NOT NULL, boot TEXT NOT NULL, uptime REAL NOT NULL,
    salt BLOB NOT NULL, granted INTEGER NOT NULL, delivered INTEGER NOT NULL,
    attempts INTEGER NOT NULL, deferred INTEGER NOT NULL, bounced INTEGER NOT NULL,
    PRIMARY KEY (address, receiver)
);
CREATE TABLE IF NOT EXISTS granted (
    address TEXT NOT NULL, receiver TEXT NOT NULL, recipient BLOB NOT NULL,
    PRIMARY KEY (address, receiver, recipient)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pause (
    address TEXT NOT NULL, receiver TEXT NOT NULL, since REAL NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (address, receiver)
);
"""
_DAY = "SELECT * FROM plan_day WHERE address = ? AND receiver = ?"
_WRITE = "INSERT OR REPLACE INTO plan_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD = (
    "UPDATE plan_day SET delivered = delivered + ?, attempts = attempts + ?, "
    "deferred = deferred + ?, bounced = bounced + ? WHERE address = ? AND receiver = ?"
)
_FORGIVE = "UPDATE plan_day SET attempts = 0, deferred = 0, bounced = 0 WHERE address = ?"
_KNOWN = "SELECT 1 FROM granted WHERE address = ? AND receiver = ? AND recipient = ?"
_FORGET = "DELETE FROM granted WHERE address = ? AND receiver = ?"
_PAUSED = "SELECT 1 FROM pause WHERE address = ? AND receiver IN (?, ?)"


@dataclass(frozen=True)
class WarmupPause:
    """Pause of an address at a receiver group, or at all ("")."""

    address: str
    receiver: str
    since: float
    reason: str


@dataclass
class _Results:
    """Results of attempts that are not written yet, and the last text of a receiver."""

    delivered: int = 0
    attempts: int = 0
    deferred: int = 0
    bounced: int = 0
    text: str = ""


@dataclass
class Warmup:
    """Plans, with the state of each receiver group in a file of SQLite."""

    connection: sqlite3.Connection
    plans: Sequence[WarmupPlan]
    _new: defaultdict[tuple[str, str], _Results] = field(
        default_factory=lambda: defaultdict(_Results)
    )

    def grants(self, plan: WarmupPlan, receiver: str, recipient: str, at: Moment) -> bool:
        """Tell whether a message may leave by the address of a plan; store it if so."""
        try:
            if at.date < plan.start or self._is_paused(plan.address, receiver):
                return False
            return self._grants(plan, receiver, recipient.lower(), at)
        except sqlite3.Error as error:
            _say(f"{plan.address} gets no mail, because the grants cannot be stored: {error}")
            return False

    def note(self, address: str, receiver: str, outcome: DeliveryOutcome, text: str = "") -> None:
        """Note the result of an attempt by any address, with the text of a failure."""
        if any(plan.address == address for plan in self.plans):
            new = self._new[address, receiver]
            new.attempts += 1
            setattr(new, outcome, getattr(new, outcome) + 1)
            new.text = text or new.text

    def save(self, at: Moment) -> None:
        """Write the results, and pause where too many attempts fail."""
        if not self._new:
            return
        try:
            with self._transaction():
                for key, one in self._new.items():
                    self._judge(*key, one, at)
        except sqlite3.Error as error:
            _say(f"results are not saved: {error}")
            return
        self._new.clear()

    def pauses(self) -> list[WarmupPause]:
        """Return the pauses."""
        rows = self.connection.execute("SELECT * FROM pause ORDER BY address, receiver")
        return [WarmupPause(*row) for row in rows]

    def days(self) -> list[PlanDay]:
        """Return the latest day of each plan at each receiver group."""
        known = {plan.address for plan in self.plans}
        rows = self.connection.execute("SELECT * FROM plan_day ORDER BY address, receiver")
        return [PlanDay(*row) for row in rows if row[0] in known]

    def pause(self, address: str, receiver: str, reason: str, at: Moment) -> None:
        """Pause an address at a receiver group, or at all."""
        statement = "INSERT OR IGNORE INTO pause VALUES (?, ?, ?, ?)"
        self.connection.execute(statement, (address, receiver, at.now, reason))

    def resume(self, address: str) -> None:
        """Go on with an address: its failures so far no longer count."""
        with self._transaction():
            self.connection.execute("DELETE FROM pause WHERE address = ?", (address,))
            self.connection.execute(_FORGIVE, (address,))

    def _grants(self, plan: WarmupPlan, receiver: str, recipient: str, at: Moment) -> bool:
        today = self._today(plan, receiver, at)
        if today.start != plan.start:  # another start, and the day of the one before lasts
            return False
        if plan.is_over(today.number):
            return True
        most = plan.most(today.number)
        if today.delivered >= most:  # a second message to a recipient counts once it is delivered
            return False
        digest = hashlib.blake2b(recipient.encode(), digest_size=16, key=today.salt).digest()
        key = (plan.address, receiver, digest)
        if self.connection.execute(_KNOWN, key).fetchone():
            return True
        if today.granted >= most:
            return False
        with self._transaction():
            self.connection.execute("INSERT INTO granted VALUES (?, ?, ?)", key)
            self._write(replace(today, granted=today.granted + 1))
        return True

    def _today(self, plan: WarmupPlan, receiver: str, at: Moment) -> PlanDay:
        """Return the day of a plan; with one that begins, the grants of the one before end."""
        before = self._day(plan.address, receiver)
        if new := next_day(plan, receiver, before, at):
            with self._transaction():
                self.connection.execute(_FORGET, (plan.address, receiver))
                self._write(new)
            return new
        assert before  # noqa: S101 - or a day begins
        same = before.by_clock(at)
        if same != before:
            self._write(same)
        return same

    def _day(self, address: str, receiver: str) -> PlanDay | None:
        row = self.connection.execute(_DAY, (address, receiver)).fetchone()
        return PlanDay(*row) if row else None

    def _write(self, day: PlanDay) -> None:
        self.connection.execute(_WRITE, astuple(day))

    def _is_paused(self, address: str, receiver: str) -> bool:
        return bool(self.connection.execute(_PAUSED, (address, receiver, EVERY)).fetchone())

    def _judge(self, address: str, receiver: str, new: _Results, at: Moment) -> None:
        """Write results of a receiver group; pause it, and tell so, if failures exceed a limit."""
        counts = (new.delivered, new.attempts, new.deferred, new.bounced)
        self.connection.execute(_ADD, (*counts, address, receiver))
        plan = next(one for one in self.plans if one.address == address)
        day = self._day(address, receiver)
        if not day or plan.is_over(day.number) or self._is_paused(address, receiver):
            return
        if reason := _failures(plan, day):
            reason = f"{reason}; last: {_without_addresses(new.text)}"
            self.pause(address, receiver, reason, at)
            _say(f"{address} pauses at receivers of group {receiver}: {reason}")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise


def opened(path: Path) -> sqlite3.Connection:
    """Return the connection to the file of the volume, which exists."""
    # Python's own transactions begin late; isolation_level None leaves them to BEGIN.
    connection = sqlite3.connect(f"file:{path}?mode=rw", timeout=10, isolation_level=None, uri=True)
    connection.execute("PRAGMA synchronous=FULL")  # a grant survives a power failure
    connection.executescript(SCHEMA)
    return connection


def plans_of(values: Sequence[Mapping[str, Any]]) -> tuple[WarmupPlan, ...]:
    """Return the plans in the configuration."""
    return tuple(WarmupPlan(**{**one, "figures": tuple(one["figures"])}) for one in values)


def _failures(plan: WarmupPlan, day: PlanDay) -> str:
    """Return the failures of a day that exceed a limit; "" if none do."""
    for count, fewest, limit, words in (
        (day.deferred, FEWEST_DEFERRALS, plan.deferred, "were deferred"),
        (day.bounced, FEWEST_BOUNCES, plan.bounced, "bounced"),
    ):
        if count >= fewest and 100 * count > limit * day.attempts:
            return f"{count} of {day.attempts} attempts {words}, more than {limit} %"
    return ""


def _without_addresses(text: str) -> str:
    return re.sub(r"[^\s<>]+@[^\s<>]+", "...", text)[:MOST_TEXT]


def _say(text: str) -> None:
    print(f"warm-up: {text}", flush=True)  # noqa: T201 - its log
