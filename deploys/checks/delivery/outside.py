"""
A mailbox outside, read by IMAP (RFC 9051): test messages are waited for, read, and removed again.

Nothing else in it is looked at: a message is asked for by the header that only test messages have.
"""

import imaplib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Timer
from typing import Any

from deploys.checks.delivery.message import HEADER, id_in
from deploys.checks.delivery.remote import Mailbox, Received
from deploys.checks.delivery.remote import wait as wait_on_host
from deploys.checks.world import UnansweredError, World
from deploys.mail.errors import MailError
from deploys.mail.verification import OutsideMailbox

_PAUSE = 0.3
_MOST = 100
_LARGEST = 1 << 20


def wait(world: World, box: Mailbox | OutsideMailbox, ids: Sequence[str]) -> dict[str, Received]:
    """Wait for messages of one run in a mailbox and return those that came in time."""
    if isinstance(box, Mailbox):
        return wait_on_host(world, box, ids)
    found: dict[str, Received] = {}
    ends = world.clock() + world.patience
    with _opened(replace(world, timeout=world.timeout + world.patience), box) as client:
        while True:
            found |= _taken(client, world, set(ids) - set(found))
            if len(found) == len(set(ids)) or world.clock() >= ends:
                return found
            time.sleep(_PAUSE)
            client.noop()


class _Client(imaplib.IMAP4_SSL):
    """A client that hangs up when its time is over, even if the server sends byte by byte."""

    def open(self, host: str = "", port: int | None = 993, timeout: float | None = None) -> None:
        super().open(host, port or 993, timeout)
        self.watchdog = Timer(timeout or 0, _hang_up, [self])
        self.watchdog.daemon = True
        self.watchdog.start()


@contextmanager
def _opened(world: World, box: OutsideMailbox) -> Iterator[imaplib.IMAP4_SSL]:
    try:
        client = _Client(
            box.imap, box.port, ssl_context=ssl.create_default_context(), timeout=world.timeout
        )
    except (OSError, imaplib.IMAP4.error) as error:
        raise UnansweredError(f"{box.imap} port {box.port} could not be asked: {error}") from error
    try:
        _log_in(client, box)
        _expect(client.select(_quoted(box.folder)), f"opened {box.folder}")
        yield client
    except (OSError, imaplib.IMAP4.error, ValueError, MailError) as error:
        raise UnansweredError(f"{box.address} at {box.imap}: {_short(error)}") from error
    finally:
        client.watchdog.cancel()
        _hang_up(client)
        with suppress(OSError, imaplib.IMAP4.error):
            client.shutdown()


def _log_in(client: imaplib.IMAP4_SSL, box: OutsideMailbox) -> None:
    password = box.password.resolve()
    try:
        client.login(box.login, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        # What the server answered is not repeated: it may quote what it was told.
        raise MailError("the login is refused, see login and password") from None


def _taken(
    client: imaplib.IMAP4_SSL, world: World, wanted: set[str]
) -> Iterator[tuple[str, Received]]:
    """Yield the messages that are wanted, and remove each."""
    run = next(iter(wanted), "").partition("-")[0]
    search = ("SEARCH", "HEADER", HEADER, f"{run}-", "SMALLER", str(_LARGEST))
    (uids, *_) = _expect(client.uid(*search), "searched") or [b""]
    for uid in (uids or b"").decode(errors="replace").split()[-_MOST:]:
        parts = _expect(client.uid("FETCH", uid, "(BODY.PEEK[])"), "fetched")
        raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
        if (id_ := id_in(raw)) in wanted:
            yield id_, Received(world.clock(), raw.replace(b"\r\n", b"\n"))
            _remove(client, uid)


def _remove(client: imaplib.IMAP4_SSL, uid: str) -> None:
    _expect(client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), "marked")
    # RFC 4315: without it only all that anybody marked could be expunged.
    if "UIDPLUS" in client.capabilities:
        _expect(client.uid("EXPUNGE", uid), "expunged")


def _expect(answer: tuple[str, list[Any]], done: str) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise MailError(f"it was not {done}: {_short(data)}")
    return data


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", r"\\").replace('"', r"\"") + '"'


def _short(said: object) -> str:
    return " ".join(str(said).split())[:200]


def _hang_up(client: imaplib.IMAP4_SSL) -> None:
    with suppress(OSError):
        client.sock.shutdown(socket.SHUT_RDWR)
