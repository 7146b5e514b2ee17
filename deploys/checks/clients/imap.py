"""
A session of IMAP (RFC 9051) with a mailbox: outside of the fleet over TLS that is verified.

The server is asked at the addresses that the resolvers of the run know. The whole session ends
after a time. What a server says at the login is never repeated: it may quote the password.
"""

import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from ipaddress import ip_address
from threading import Timer

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from ...dns.query import routed
from ...mail.errors import MailError
from ...mail.settings.verification import OutsideMailbox
from ...run.https import trusting
from ..core.world import UnansweredError, World, addresses
from .bounded_smtplib import unverified
from .endpoint import HomeMailbox

_MOST = 8  # addresses of one server
# imapclient and imaplib raise the last four for an answer that is not IMAP.
_FAILURES = (OSError, IMAPClientError, ValueError, LookupError, TypeError, AttributeError)

# imapclient logs every answer for debugging, those at the login too.
logging.getLogger("imapclient").setLevel(logging.WARNING)


@cache
def _context(authorities: str) -> ssl.SSLContext:
    """Return the context of every session of a run: to read all authorities takes 20 ms."""
    return trusting(authorities)


class _Deadline:
    """TLS for the name of a server, whose connection is shut down after some seconds."""

    def __init__(self, mailbox: OutsideMailbox, seconds: float) -> None:
        at_home = isinstance(mailbox, HomeMailbox)
        self._context = unverified() if at_home else _context(mailbox.ca_file)
        self._name = mailbox.imap
        self._timer = Timer(seconds, self.shut_down)
        self._timer.daemon = True
        self._socket: ssl.SSLSocket | None = None

    def wrap_socket(self, plain: socket.socket, **_: object) -> ssl.SSLSocket:
        """Begin TLS, as imapclient asks of a context; the time begins with the first connection."""
        if not self._timer.is_alive():
            self._timer.start()
        self._socket = self._context.wrap_socket(
            plain, server_hostname=self._name, do_handshake_on_connect=False
        )
        self._socket.do_handshake()
        return self._socket

    def shut_down(self) -> None:
        """Shut down the connection at once, even while a read waits."""
        self._timer.cancel()
        with suppress(OSError):
            if self._socket:
                self._socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def imap_session(world: World, mailbox: OutsideMailbox) -> Iterator[IMAPClient]:
    """Open a mailbox's folder; raise UnansweredError, also for a failure while it is open."""
    with imap_connection(world, mailbox) as client:
        _log_in(client, mailbox)
        select(client, mailbox.folder)
        yield client


@contextmanager
def imap_connection(world: World, mailbox: OutsideMailbox) -> Iterator[IMAPClient]:
    """Connect to a mailbox's server without a login; raise UnansweredError as `imap_session`."""
    known = _addresses(world, mailbox)
    deadline = _Deadline(mailbox, world.timeout)
    try:
        client = _connected(mailbox, known, deadline, world.timeout)
    except _FAILURES as error:
        deadline.shut_down()
        raise UnansweredError(
            f"{mailbox.imap} port {mailbox.port} could not be asked: {error}"
        ) from error
    try:
        yield client
        with suppress(*_FAILURES):
            client.logout()
    except (*_FAILURES, MailError) as error:
        raise UnansweredError(f"{mailbox.address} at {mailbox.imap}: {_short(error)}") from error
    finally:
        deadline.shut_down()
        with suppress(*_FAILURES):
            client.shutdown()


def _addresses(world: World, mailbox: OutsideMailbox) -> list[str]:
    """Return the addresses of a server to try; raise UnansweredError if there is none."""
    server = mailbox.imap
    try:
        return [str(ip_address(server))]
    except ValueError:
        known = (
            [*mailbox.at] if isinstance(mailbox, HomeMailbox) else addresses(world.names, server)
        )
    if not known:
        raise UnansweredError(f"{server} has no address")
    if not (reachable := [address for address in known if routed(address)][:_MOST]):
        raise UnansweredError(f"{server}: no route to {', '.join(known[:_MOST])}")
    return reachable


def _connected(
    mailbox: OutsideMailbox, known: list[str], deadline: _Deadline, limit: float
) -> IMAPClient:
    """Connect to the first address that answers; raise the last one's error."""
    timeout = SocketTimeout(connect=limit / len(known), read=limit)
    for address in known[:-1]:
        try:
            return IMAPClient(address, mailbox.port, ssl_context=deadline, timeout=timeout)
        except ssl.SSLError:
            raise
        except OSError:
            continue
    return IMAPClient(known[-1], mailbox.port, ssl_context=deadline, timeout=timeout)


def _log_in(client: IMAPClient, mailbox: OutsideMailbox) -> None:
    password = mailbox.password.resolve()
    try:
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(mailbox.login, password)
        else:
            client.login(_quoted(mailbox.login), password)
    except (IMAPClientError, UnicodeError) as error:
        # imapclient raises its own error for a connection that ended as well.
        if isinstance(error.__context__, IMAPClientAbortError):
            raise MailError(
                "the server closed the connection at the login, or does not speak IMAP"
            ) from None
        if isinstance(mailbox, HomeMailbox):
            raise MailError(f"the login is refused; deploy {mailbox.host} again") from None
        raise MailError(
            "the login is refused; correct login and password in verify_mailboxes"
        ) from None


def select(client: IMAPClient, folder: str) -> None:
    """Open a folder; raise MailError if that is not possible."""
    # A name in ASCII is sent as it is, since it can be in modified UTF-7 (RFC 3501 section 5.1.3).
    client.folder_encode = not folder.isascii()
    try:
        client.select_folder(folder)
    except IMAPClientError as error:
        reason = str(error).removeprefix("select failed: ")
        raise MailError(f"the folder {folder} cannot be opened: {reason}") from error


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _short(text: object) -> str:
    return " ".join(str(text).split())[:200]
