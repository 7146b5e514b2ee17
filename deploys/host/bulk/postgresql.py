"""
A database of PostgreSQL as the store that all hosts of a stream share.

The connection is made when it is first needed, and again after it was lost. While the database is
away, each use fails within seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from .store import SCHEMA, StoreError

SECONDS = 3  # for a connection
OPTIONS = "-c statement_timeout=5000 -c synchronous_commit=on"
IDENTITY = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"


class PostgresqlConnection:
    """A connection to a database, by its URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        with self._explained():
            found: list[Any] = self._cursor(statement, *values).fetchall()
            return found

    def change(self, statement: str, *values: object) -> int:
        """Return the number of rows that a statement has changed."""
        with self._explained():
            count: int = self._cursor(statement, *values).rowcount
            return count

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do the block in one transaction."""
        with self._explained(), self._connected().transaction():
            yield

    def _cursor(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - psycopg is on hosts only
        return self._connected().execute(statement.replace("?", "%s").encode(), values)

    def _connected(self) -> Any:  # noqa: ANN401 - the same
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=SECONDS, options=OPTIONS
            )
            # Two hosts may start at once, and only one of them may make the tables.
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(10587)")
                self._connection.execute(SCHEMA.format(identity=IDENTITY).encode())
        return self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            # Its other lines may quote a row; the password is in none.
            why = (str(error).splitlines() or ["no reason"])[0]
            raise StoreError(f"the store cannot be used: {why}") from error
