"""
Counts of the TLS results that a host has collected, and of the reports it has sent.

This module runs on the host: only the standard library is imported. The tables are those of
tlsrpt-reporter.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

SESSIONS = (
    "SELECT 'sessions ' || coalesce(sum(cntrtotal), 0) || ' failed ' || "
    "coalesce(sum(cntrfailure), 0) FROM finalresults"
)
REPORTS = (
    "SELECT coalesce(status, 'waiting') || ' ' || count(*) || ' ' || max(destination) "
    "FROM destinations GROUP BY status"
)


def tls_results(collected: Path, reports: Path) -> Iterator[str]:
    """Yield the sessions of today, and the reports by their state, with a destination."""
    for file, question in ((collected, SESSIONS), (reports, REPORTS)):
        if not file.exists():
            continue
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                yield from (str(line) for (line,) in database.execute(question))
        except sqlite3.Error as problem:
            yield f"broken {file}: {problem}"
