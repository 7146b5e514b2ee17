"""
A stranger's SMTP session: bounded as a whole, whatever the server does.

A time limit for each read is not enough: a server that sends one byte at a time keeps every one of
them. So a watchdog hangs up when the session's time is over, in the middle of a TLS handshake too.
Two things can go wrong, and they mean different things: the network did not bring us there
(`UnansweredError`), or the server was reached and did not behave (`MisbehavedError`).
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Timer

from ..core.world import MisbehavedError, UnansweredError, World
from .bounded_smtplib import Client, unverified
from .endpoint import Endpoint, SubmissionEndpoint

_READY = 220
_CLOSING = 421
_LONGEST = 300


@dataclass(frozen=True)
class Reply:
    """A server's answer to one command."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Return whether what was asked for is done (RFC 5321 section 4.2.1)."""
        return self.code // 100 == 2  # noqa: PLR2004

    @property
    def permanent(self) -> bool:
        """Return whether it is refused for good."""
        return self.code // 100 == 5  # noqa: PLR2004

    @property
    def refused(self) -> bool:
        """Return whether it is refused, for now at least, in a session that goes on."""
        return self.code // 100 in (4, 5) and self.code != _CLOSING

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def log_in(client: smtplib.SMTP, endpoint: SubmissionEndpoint) -> None:
    """Log in with the account of a endpoint; raise what smtplib raises where it is refused."""
    if endpoint.password:
        client.login(endpoint.login, endpoint.password.resolve())


def reply(answer: tuple[int, bytes]) -> Reply:
    """Return smtplib's answer as one line of bounded length."""
    text = " ".join(answer[1].decode(errors="replace").split())
    return Reply(answer[0], text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


@contextmanager
def session(endpoint: Endpoint, world: World) -> Iterator[Client]:
    """Open a session and say EHLO; raise UnansweredError or MisbehavedError."""
    client = Client(endpoint.address, world.timeout, wrapped=endpoint.wrapped)
    watchdog = Timer(world.timeout, _hang_up, [client])
    watchdog.start()
    try:
        _greet(client, endpoint, endpoint.port or world.port)
        yield client
        _say_goodbye(client)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        late = not watchdog.is_alive() or isinstance(error.__context__, TimeoutError)
        raise _explained(error, client, endpoint, world, late=late) from error
    finally:
        watchdog.cancel()
        client.close()


def starttls(client: Client, name: str = "", context: ssl.SSLContext | None = None) -> str:
    """Change to TLS, for a name if one is given, and return its version; nothing is verified."""
    client.change_to_tls(name, context)
    client.ehlo()
    version = client.sock.version() if isinstance(client.sock, ssl.SSLSocket) else None
    return version or "no TLS"


def handshake(client: Client, name: str) -> None:
    """Begin TLS after STARTTLS was sent and answered by hand; nothing is verified."""
    if client.sock:
        client.sock = client.secured(client.sock, name, unverified())
        client.file = None


def _greet(client: Client, endpoint: Endpoint, port: int) -> None:
    client.greeting = client.connect(endpoint.address, port)
    banner = reply(client.greeting)
    if banner.code != _READY:
        raise smtplib.SMTPResponseException(banner.code, banner.text)
    client.local_hostname = _address_literal(client)
    client.ehlo()


def _address_literal(client: smtplib.SMTP) -> str:
    # RFC 5321 section 4.1.3: what a client says that has no name of its own.
    here = ip_address(client.sock.getsockname()[0]) if client.sock else IPv4Address(0)
    return f"[IPv6:{here}]" if isinstance(here, IPv6Address) else f"[{here}]"


def _say_goodbye(client: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException, ValueError):
        client.quit()


def _hang_up(client: smtplib.SMTP) -> None:
    with suppress(OSError):
        if client.sock:
            # An SSLSocket's own shutdown takes TLS away under the feet of who is reading.
            socket.socket.shutdown(client.sock, socket.SHUT_RDWR)


def _explained(
    error: Exception, client: smtplib.SMTP, endpoint: Endpoint, world: World, *, late: bool
) -> Exception:
    where = str(endpoint) if endpoint.port else f"{endpoint} port {world.port}"
    if isinstance(error, ConnectionRefusedError):
        return MisbehavedError(f"{where} refused the connection: nothing listens there")
    if client.sock is None and not isinstance(error, smtplib.SMTPException):
        return UnansweredError(f"{where} could not be reached: {error}")
    if late or isinstance(error, TimeoutError):
        return MisbehavedError(f"{where} took longer than {world.timeout:g} s")
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return MisbehavedError(f"{where} hung up")
    return MisbehavedError(f"{where} {_misbehaviour(error)}")


def _misbehaviour(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        # smtplib says "STARTTLS extension not supported by server."
        return f"does not offer {str(error).partition(' extension')[0]}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answered {reply((error.smtp_code, _bytes(error.smtp_error)))}"
    return f"broke the session: {error}"


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
