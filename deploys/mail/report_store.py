"""
Sums of the reports that a host reads, in SQLite: DMARC (RFC 9990) and TLS-RPT (RFC 8460).

A report has one row, and one row for each source or failure in it. The reader on the host writes
them; a run and the checks ask for sums of the last days. Only the standard library is imported, and
nothing of this project, so that this module can be carried to the host.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

NAME = "reports.sqlite3"
KEPT_DAYS = 400
SHOWN_DAYS = 30
MOST_ROWS = 500_000  # of sources and failures; the oldest reports go first
MOST_FAILING = 500  # sources of a day in the sums that fail DMARC
MOST_SOURCES = 100  # of a domain in the sums, and failures; the others are one row
OTHERS = ""  # the source of a row that stands for several
_WAIT = 5.0  # seconds for another process that writes
_SCHEMA = """
CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, sender TEXT NOT NULL, report_id TEXT NOT NULL,
    domain TEXT NOT NULL, day TEXT NOT NULL, policy TEXT NOT NULL, successes INTEGER NOT NULL,
    UNIQUE (kind, sender, report_id, domain, policy));
CREATE TABLE IF NOT EXISTS source (
    report INTEGER NOT NULL REFERENCES report ON DELETE CASCADE, address TEXT NOT NULL,
    disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL,
    messages INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS failure (
    report INTEGER NOT NULL REFERENCES report ON DELETE CASCADE, result TEXT NOT NULL,
    sending TEXT NOT NULL, receiving TEXT NOT NULL, reason TEXT NOT NULL,
    sessions INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refusal (
    name TEXT PRIMARY KEY, time REAL NOT NULL, reason TEXT NOT NULL, report INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS of_day ON report (day);
CREATE INDEX IF NOT EXISTS source_report ON source (report);
CREATE INDEX IF NOT EXISTS failure_report ON failure (report);
"""


@dataclass(frozen=True)
class Source:
    """Messages of one address in a report; `dkim` and `spf` are true if they are aligned."""

    address: str
    disposition: str
    dkim: bool
    spf: bool
    messages: int


@dataclass(frozen=True)
class TlsFailure:
    """Failed sessions in a report: their result type (RFC 8460 section 4.3) and their two ends."""

    result: str
    sending: str  # the address of the sending server
    receiving: str  # the MX host
    reason: str
    sessions: int


@dataclass(frozen=True)
class DomainReport:
    """
    A report on one domain and day, of an authenticated sender.

    `policy` is the published `p` of DMARC, or the type of the policy for TLS. `successes` are
    sessions with TLS.
    """

    kind: Literal["dmarc", "tls"]
    sender: str
    report_id: str
    domain: str
    day: str  # such as 2026-11-30, in UTC
    policy: str
    successes: int = 0
    sources: tuple[Source, ...] = ()
    failures: tuple[TlsFailure, ...] = ()


@dataclass(frozen=True)
class DmarcDay:
    """Messages in reports on one domain, day and published policy; `failing` ones fail DMARC."""

    domain: str
    policy: str
    day: str
    messages: int
    failing: int
    senders: tuple[str, ...]  # of the reports


@dataclass(frozen=True)
class FailingSource:
    """Messages of one address that fail DMARC, of one day and published policy."""

    domain: str
    policy: str
    day: str
    address: str
    messages: int


@dataclass(frozen=True)
class SourceSum:
    """Messages of one source in the reports on a domain and published policy."""

    domain: str
    policy: str
    address: str
    messages: int
    dkim: int
    spf: int
    failing: int
    stopped: int  # quarantined or rejected
    last: str  # day


@dataclass(frozen=True)
class TlsDay:
    """Sessions in reports on one domain, day and type of policy."""

    domain: str
    policy: str
    day: str
    successes: int
    failures: int
    senders: tuple[str, ...]


@dataclass(frozen=True)
class FailureSum:
    """Failed sessions of one kind (RFC 8460 section 4.3) in the reports on a domain."""

    domain: str
    result: str
    receiving: str
    sending: str
    reason: str
    sessions: int
    senders: int  # of the reports
    last: str


@dataclass(frozen=True)
class ReportRefusal:
    """
    A message from which no report could be read; its time is in seconds since the epoch.

    `report` is 1 if a verified sender has sent one, and 0 for any other message.
    """

    name: str
    time: float
    reason: str
    report: int


@dataclass(frozen=True)
class ReportSums:
    """Sums of the reports of the last days that one host has read."""

    dmarc: tuple[DmarcDay, ...] = ()
    sources: tuple[SourceSum, ...] = ()
    failing: tuple[FailingSource, ...] = ()
    tls: tuple[TlsDay, ...] = ()
    failures: tuple[FailureSum, ...] = ()
    refusals: tuple[ReportRefusal, ...] = ()
    waiting: int = 0  # messages that are not read yet
    oldest: float = 0  # the time of the oldest of these, or 0


class ReportStore:
    """The database of a host; its changes are whole, whenever the process ends."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, report: DomainReport) -> bool:
        """Add a report; return False for one that is there already."""
        columns = dict(vars(report))
        rows = (columns.pop("sources"), columns.pop("failures"))
        with self._database:
            names = ", ".join(columns)
            marks = ", ".join(f":{name}" for name in columns)
            done = self._database.execute(
                f"INSERT OR IGNORE INTO report ({names}) VALUES ({marks})",  # noqa: S608 - our own names
                columns,
            )
            if not done.rowcount:
                return False
            self._add_rows(int(done.lastrowid or 0), *rows)
        return True

    def _add_rows(
        self, report: int, sources: Iterable[Source], failures: Iterable[TlsFailure]
    ) -> None:
        self._database.executemany(
            "INSERT INTO source VALUES (?, ?, ?, ?, ?, ?)",
            [(report, *vars(one).values()) for one in sources],
        )
        self._database.executemany(
            "INSERT INTO failure VALUES (?, ?, ?, ?, ?, ?)",
            [(report, *vars(one).values()) for one in failures],
        )

    def refuse(self, refusal: ReportRefusal) -> None:
        """Note a message from which no report could be read."""
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO refusal VALUES (:name, :time, :reason, :report)",
                vars(refusal),
            )

    def forget_refusals(self, kept: Iterable[str]) -> None:
        """Forget the refusals of messages that are no longer kept."""
        names = set(kept)
        with self._database:
            gone = [
                (name,)
                for (name,) in self._database.execute("SELECT name FROM refusal").fetchall()
                if name not in names
            ]
            self._database.executemany("DELETE FROM refusal WHERE name = ?", gone)

    def forget_old(self, today: str) -> None:
        """Delete the reports that are too old, and the oldest ones beyond the bound of rows."""
        with self._database:
            self._database.execute(
                "DELETE FROM report WHERE day < ?", (days_before(today, KEPT_DAYS),)
            )
            while self._rows() > MOST_ROWS:
                self._database.execute(
                    "DELETE FROM report WHERE day = (SELECT min(day) FROM report)"
                )

    def _rows(self) -> int:
        counts = (
            self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
            for table in ("source", "failure")
        )
        return sum(counts)

    def sums(self, today: str) -> ReportSums:
        """Return the sums of the last days."""
        since = days_before(today, SHOWN_DAYS)
        return ReportSums(
            dmarc=tuple(self._dmarc(since)),
            sources=tuple(self._sources(since)),
            failing=tuple(self._failing(since)),
            tls=tuple(self._tls(since)),
            failures=tuple(self._failures(since)),
            refusals=tuple(
                ReportRefusal(*row)
                for row in self._database.execute(
                    "SELECT name, time, reason, report FROM refusal ORDER BY time DESC LIMIT 20"
                )
            ),
        )

    def _dmarc(self, since: str) -> Iterator[DmarcDay]:
        for domain, policy, day, messages, failing, senders in self._database.execute(
            "SELECT domain, policy, day, sum(messages), sum(messages * (NOT dkim AND NOT spf)),"
            " group_concat(DISTINCT sender) FROM report JOIN source ON report = report.id"
            " WHERE kind = 'dmarc' AND day >= ? GROUP BY 1, 2, 3 ORDER BY 3, 1, 2",
            (since,),
        ):
            yield DmarcDay(domain, policy, day, messages, failing, _senders(senders))

    def _sources(self, since: str) -> Iterator[SourceSum]:
        """Yield the sources of each domain, those with the most failing messages first."""
        for row in self._database.execute(
            "WITH sums AS (SELECT domain, policy, address, sum(messages) AS messages,"
            " sum(messages * dkim) AS dkim, sum(messages * spf) AS spf,"
            " sum(messages * (NOT dkim AND NOT spf)) AS failing,"
            " sum(messages * (disposition IN ('quarantine', 'reject'))) AS stopped,"
            " max(day) AS last FROM report JOIN source ON report = report.id"
            " WHERE kind = 'dmarc' AND day >= :since GROUP BY 1, 2, 3),"
            " ranked AS (SELECT *, row_number() OVER (PARTITION BY domain"
            " ORDER BY failing DESC, messages DESC, address) AS place FROM sums)"
            " SELECT domain, policy, iif(place <= :most, address, :others), sum(messages),"
            " sum(dkim), sum(spf), sum(failing), sum(stopped), max(last)"
            " FROM ranked GROUP BY 1, 2, 3 ORDER BY 1, 7 DESC, 4 DESC, 3",
            {"since": since, "most": MOST_SOURCES, "others": OTHERS},
        ):
            yield SourceSum(*row)

    def _failing(self, since: str) -> Iterator[FailingSource]:
        for row in self._database.execute(
            "SELECT domain, policy, day, address, sum(messages)"
            " FROM report JOIN source ON report = report.id"
            " WHERE kind = 'dmarc' AND day >= ? AND NOT dkim AND NOT spf"
            " GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 3, 1, 2, 4 LIMIT ?",
            (since, MOST_FAILING),
        ):
            yield FailingSource(*row)

    def _tls(self, since: str) -> Iterator[TlsDay]:
        for domain, policy, day, successes, failures, senders in self._database.execute(
            "SELECT domain, policy, day, sum(successes), sum(failed),"
            " group_concat(DISTINCT sender) FROM (SELECT report.*,"
            " coalesce((SELECT sum(sessions) FROM failure WHERE report = report.id), 0) AS failed"
            " FROM report) WHERE kind = 'tls' AND day >= ? GROUP BY 1, 2, 3 ORDER BY 3, 1, 2",
            (since,),
        ):
            yield TlsDay(domain, policy, day, successes, failures, _senders(senders))

    def _failures(self, since: str) -> Iterator[FailureSum]:
        for row in self._database.execute(
            "SELECT domain, result, receiving, sending, max(reason), sum(sessions),"
            " count(DISTINCT sender), max(day) FROM report JOIN failure ON report = report.id"
            " WHERE day >= ? GROUP BY 1, 2, 3, 4 ORDER BY 6 DESC, 1, 2, 3, 4 LIMIT ?",
            (since, MOST_SOURCES),
        ):
            yield FailureSum(*row)


@contextmanager
def opened(folder: Path) -> Iterator[ReportStore]:
    """Open the database in a folder to write; make it first."""
    with closing(sqlite3.connect(folder / NAME, timeout=_WAIT)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        database.executescript(_SCHEMA)
        yield ReportStore(database)


def sums(folder: Path, incoming: Iterable[Path], now: float) -> ReportSums:
    """Return the sums of the host's database, which may not exist yet, and change nothing."""
    times = [path.stat().st_mtime for one in incoming if one.is_dir() for path in one.iterdir()]
    found = ReportSums()
    if (folder / NAME).exists():
        uri = f"file:{folder / NAME}?mode=ro"
        with closing(sqlite3.connect(uri, timeout=_WAIT, uri=True)) as database:
            found = ReportStore(database).sums(day_of(now))
    state = {"waiting": len(times), "oldest": min(times, default=0.0)}
    return ReportSums(**{**vars(found), **state})


def as_json(found: ReportSums) -> str:
    """Return sums as one line of JSON."""
    unpacked: Callable[[Any], Any] = vars
    return json.dumps(found, default=unpacked)


def day_of(time: float) -> str:
    """Return the day in UTC of a time in seconds since the epoch."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def days_before(today: str, days: int) -> str:
    """Return the day that is so many days before another."""
    return (datetime.fromisoformat(today) - timedelta(days=days)).strftime("%Y-%m-%d")


def _senders(listed: str) -> tuple[str, ...]:
    return tuple(sorted(listed.split(",")))
