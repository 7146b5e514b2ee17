"""
The program: its configuration, its sockets, and the tasks that run beside each other.

The configuration is a file of JSON, and the secrets are files beside it.
"""

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..programs.readiness import tell_ready
from ..programs.socketmap import LookupFailure, serve
from .event import Suppression, SuppressionRules
from .event_log import EventLog
from .inbox import Inbox, Stream
from .lmtp import BounceHandler, session
from .notebook import Notebook
from .one_click import OneClick
from .store import SqlConnection, SqliteConnection, SqlStore, Store, StoreError
from .webhook import Webhook, deliver

CONFIGURATION = Path("/etc/pyinfra-mail-bulk/handler.json")
STATE = Path("/var/lib/pyinfra-mail-bulk")
HOUR = 3600  # seconds
LONGEST_REASON = 200  # characters in an SMTP reply
BATCH = 500
RETRY = 5  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandlerConfiguration:
    """The configuration of a host, with the secrets of its stream."""

    domain: str
    hostname: str
    sockets: Path  # the directory of the UNIX sockets
    secret: str = field(repr=False)
    state: Path = STATE
    digests: bool = False
    rules: SuppressionRules = field(default_factory=SuppressionRules)
    webhook: Webhook | None = None
    one_click: Path | None = None  # the socket of the web server
    database: str = field(default="", repr=False)  # URL of the shared one

    @property
    def stream(self) -> Stream:
        """Return the stream with its tokens."""
        return Stream(self.domain, self.secret, self.digests)

    def store(self) -> Store:
        """Return the store; raise StoreError if it cannot be opened."""
        return SqlStore(self._connection(), self.rules, self.hostname)

    def _connection(self) -> SqlConnection:
        if not self.database:
            return SqliteConnection(self.state / "bulk.sqlite")
        from .postgresql import PostgresqlConnection  # noqa: PLC0415 - a package that few need

        return PostgresqlConnection(self.database)


def configuration(path: Path, *, alone: bool = False) -> HandlerConfiguration:
    """Return the configuration in a file, with the secrets beside it; `alone`: no database."""
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    url = values.pop("webhook", "")
    secret = path.with_name("webhook").read_text(encoding="utf-8") if url else ""
    shared = values["shared"] and not alone
    return HandlerConfiguration(
        domain=values["domain"],
        hostname=values["hostname"],
        sockets=Path(values["sockets"]),
        secret=path.with_name("secret").read_text(encoding="utf-8"),
        state=Path(values.get("state", STATE)),
        digests=values["digests"],
        rules=SuppressionRules(**values["rules"]),
        webhook=Webhook(url, secret) if url else None,
        one_click=Path(values["one_click"]) if "one_click" in values else None,
        database=path.with_name("database").read_text(encoding="utf-8") if shared else "",
    )


class Handler:
    """The running program."""

    def __init__(self, wanted: HandlerConfiguration) -> None:
        self._wanted = wanted
        self._inbox = Inbox(wanted.stream)
        self._notebook = Notebook(wanted.store(), told=bool(wanted.webhook))
        self._lookups = wanted.store()
        self._log = EventLog(wanted.state / "events.jsonl")

    async def run(self) -> None:
        """Serve until one of the tasks fails, which ends the program."""
        handler = BounceHandler(self._inbox, self._notebook)
        maps = {"suppression": self._suppression, "recipients": self._recipient}
        loop = asyncio.get_running_loop()
        protocol = partial(session, handler, self._wanted.hostname)
        sockets = self._wanted.sockets
        await loop.create_unix_server(protocol, sock=_socket(sockets / "lmtp.sock"))
        if self._wanted.one_click:
            site = OneClick(self._wanted.stream, self._lookups, self._notebook)
            await asyncio.start_unix_server(site.serve, sock=_socket(self._wanted.one_click))
        await asyncio.start_unix_server(partial(serve, maps), sock=_socket(sockets / "maps.sock"))
        tell_ready()
        tasks: list[Coroutine[Any, Any, None]] = [
            self._notebook.run(),
            self._write_log(),
            self._prune(),
        ]
        if self._wanted.webhook:
            tasks.append(deliver(self._wanted.webhook, self._notebook))
        await asyncio.gather(*tasks)

    async def _suppression(self, key: str) -> str | None:
        """Return the answer to RCPT for a suppressed recipient."""
        if "@" not in key.strip("@"):  # access(5) also asks for the domain, and for the local part
            return None
        recipient = self._wanted.stream.kept(key)
        try:
            found = self._lookups.suppressed(recipient, int(time.time()))
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - one line for the journal
            raise LookupFailure(str(error)) from error
        return refusal_of(found) if found else None

    async def _recipient(self, key: str) -> str | None:
        """Return a value for an address of the bounces domain that exists."""
        return None if self._inbox.refusal(key, int(time.time())) else "OK"

    async def _write_log(self) -> None:
        """Write events to the event log, soon after they are noted."""
        store, followed = self._notebook.store, False
        while True:
            try:
                if not followed:
                    self._log.follow(await self._notebook.ask(store.newest))
                    followed = True
                events = await self._notebook.ask(store.events_after, self._log.last, BATCH)
                await asyncio.to_thread(self._log.write, events)
            except (StoreError, OSError) as error:
                log.error("the event log waits: %s", error)  # noqa: TRY400 - one line
                await asyncio.sleep(RETRY)
                continue
            if len(events) < BATCH:
                self._notebook.noted.clear()
                await _first(self._notebook.noted.wait(), RETRY)

    async def _prune(self) -> None:
        """Remove what is old from the store, once an hour."""
        while True:
            try:
                await self._notebook.ask(self._notebook.store.prune, int(time.time()))
            except StoreError as error:
                log.error("%s", error)  # noqa: TRY400 - one line
            await asyncio.sleep(HOUR)


def refusal_of(found: Suppression) -> str:
    """Return the SMTP reply for a suppressed recipient, with the reason, in ASCII."""
    day = time.strftime("%Y-%m-%d", time.gmtime(found.since))
    words = {
        "hard": "hard bounce",
        "soft": "repeated soft bounces",
        "complaint": "complaint",
        "unsubscribe": "unsubscribed",
        "manual": "by the operator",
    }
    reason = found.reason.encode("ascii", "replace").decode()[:LONGEST_REASON]
    return f"550 5.7.1 Suppressed since {day} ({words[found.kind]}): {reason}"


def _socket(path: Path) -> socket.socket:
    """Return a socket that the group of its directory may use."""
    path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)
    try:
        found.bind(str(path))
    finally:
        os.umask(before)
    return found


async def _first(awaited: Awaitable[object], seconds: float) -> None:
    try:
        await asyncio.wait_for(awaited, seconds)
    except TimeoutError:
        return
