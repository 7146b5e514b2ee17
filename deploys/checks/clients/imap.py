"""
A session of IMAP (RFC 9051) with a mailbox outside: bounded as a whole, over TLS that is verified.

The server is asked at the addresses that the proof's resolvers know, as is all else. No word of
what a server says at the login is repeated: it may quote what it was told.
"""

import imaplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Timer
from typing import Any

from ...dns.query import routed
from ...mail.errors import MailError
from ...mail.settings.verification import OutsideMailbox
from ..core.world import UnansweredError, World, addresses
from .https import trusting

_MOST = 8  # addresses, a bound on a stranger's records


class Client(imaplib.IMAP4_SSL):
    """A client that hangs up when its time is over, even if the server sends byte by byte."""

    def __init__(self, box: OutsideMailbox, known: Sequence[str], limit: float) -> None:
        self._known, self._context = known, trusting(box.ca_file)
        super().__init__(box.imap, box.port, ssl_context=self._context, timeout=limit)

    def open(self, host: str = "", port: int | None = 993, timeout: float | None = None) -> None:
        """Connect, and begin to count the time."""
        super().open(host, port or 993, timeout)
        self.watchdog = Timer(timeout or 0, self.hang_up)
        self.watchdog.daemon = True
        self.watchdog.start()

    def hang_up(self) -> None:
        """End the session at once, whoever waits for what."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def _create_socket(self, timeout: float) -> socket.socket:
        plain = _connected(self._known, self.port, timeout)
        return self._context.wrap_socket(plain, server_hostname=self.host)


@contextmanager
def opened(world: World, box: OutsideMailbox) -> Iterator[Client]:
    """Open a mailbox's folder; raise UnansweredError, for what goes wrong in it meanwhile too."""
    try:
        client = Client(box, _located(world, box.imap), world.timeout)
    except (OSError, imaplib.IMAP4.error) as error:
        raise UnansweredError(f"{box.imap} port {box.port} could not be asked: {error}") from error
    try:
        _log_in(client, box)
        # Many servers say only now in full what they can.
        (*_, able) = expect(client.capability(), "told what is possible")
        client.capabilities = tuple((able or b"").decode(errors="replace").upper().split())
        expect(client.select(_quoted(box.folder)), f"opened {box.folder}")
        yield client
        with suppress(OSError, imaplib.IMAP4.error):
            client.logout()
    except (OSError, imaplib.IMAP4.error, ValueError, MailError) as error:
        raise UnansweredError(f"{box.address} at {box.imap}: {_short(error)}") from error
    finally:
        client.watchdog.cancel()
        client.hang_up()
        with suppress(OSError, imaplib.IMAP4.error):
            client.shutdown()


def expect(answer: tuple[str, list[Any]], done: str) -> list[Any]:
    """Return what the server sent; raise MailError if it did not do what it was asked for."""
    status, data = answer
    if status != "OK":
        said = b" ".join(words for words in data if isinstance(words, bytes))
        raise MailError(f"it was not {done}: {_short(said.decode(errors='replace'))}")
    return data


def _located(world: World, server: str) -> list[str]:
    """Return the addresses of a server to try; raise UnansweredError if there is none."""
    try:
        return [str(ip_address(server))]
    except ValueError:
        known = addresses(world.names, server)
    if not known:
        raise UnansweredError(f"{server} has no address")
    if not (ways := [address for address in known if routed(address)][:_MOST]):
        raise UnansweredError(f"{server}: no way to {', '.join(known[:_MOST])}")
    return ways


def _connected(known: Sequence[str], port: int, limit: float) -> socket.socket:
    """Connect to the first address that answers; raise OSError with what the last one said."""
    *others, last = known
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), limit / len(known))
    return socket.create_connection((last, port), limit / len(known))


def _log_in(client: Client, box: OutsideMailbox) -> None:
    password = box.password.resolve()
    try:
        if "AUTH=PLAIN" in client.capabilities:
            words = f"\0{box.login}\0{password}".encode()  # RFC 4616
            client.authenticate("PLAIN", lambda _: words)
        else:
            client.login(_quoted(box.login), password)
    except imaplib.IMAP4.abort:
        raise MailError("it hung up at the login, or answered with what is no IMAP") from None
    except (imaplib.IMAP4.error, UnicodeError):
        raise MailError("the login is refused, see login and password") from None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _short(said: object) -> str:
    return " ".join(str(said).split())[:200]
