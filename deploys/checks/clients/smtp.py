"""
SMTP session of an unauthenticated client, with a time limit for the whole session.

A time limit for each read is not enough: a server that sends single octets would stay below it. So
a watchdog closes the connection at the limit, also during a TLS handshake. Two errors are possible:
the server could not be reached (`UnansweredError`), or its answers broke the protocol
(`MisbehavedError`).
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Timer

from ..core.finding import shortened
from ..core.world import MisbehavedError, UnansweredError, World
from .bounded_smtplib import SmtpClient, unverified
from .endpoint import Endpoint, SubmissionEndpoint

# Reply codes (RFC 5321 section 4.2.3).
READY, OK, CLOSING = 220, 250, 421
_LONGEST = 300


@dataclass(frozen=True)
class Reply:
    """A server's answer to one command."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Return whether the command succeeded (RFC 5321 section 4.2.1)."""
        return self.code // 100 == 2  # noqa: PLR2004

    @property
    def permanent(self) -> bool:
        """Return whether the command failed permanently."""
        return self.code // 100 == 5  # noqa: PLR2004

    @property
    def transient(self) -> bool:
        """Return whether the command failed for now (RFC 5321 section 4.2.1)."""
        return self.code // 100 == 4  # noqa: PLR2004

    @property
    def refused(self) -> bool:
        """Return whether the command failed, at least for now, in a session that goes on."""
        return self.code // 100 in (4, 5) and self.code != CLOSING

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def refusal(problem: Exception) -> Reply | None:
    """Return the reply that a server gave in place of the expected one, if that was the problem."""
    error = problem.__cause__
    if isinstance(error, smtplib.SMTPResponseException):
        return reply((error.smtp_code, _bytes(error.smtp_error)))
    return None


def later(host: str) -> str:
    """Return the remedy for a reply 4xx, which says that a server refuses for now."""
    return f"see the mail log of {host} for the reason: a reply 4xx is a refusal for now"


def log_in(client: smtplib.SMTP, endpoint: SubmissionEndpoint) -> None:
    """Log in with the account of an endpoint; raise SMTPException if it is refused."""
    if endpoint.password:
        client.login(endpoint.login, endpoint.password.resolve())


def reply(answer: tuple[int, bytes]) -> Reply:
    """Return smtplib's answer as one line of bounded length."""
    text = " ".join(answer[1].decode(errors="replace").split())
    return Reply(answer[0], shortened(text, _LONGEST))


class LateError(MisbehavedError):
    """A session took longer than the world's timeout."""


@contextmanager
def session(endpoint: Endpoint, world: World) -> Iterator[SmtpClient]:
    """Open a session and say EHLO; raise UnansweredError or MisbehavedError."""
    client = SmtpClient(endpoint.address, world.timeout, wrapped=endpoint.wrapped)
    watchdog = Timer(world.timeout, _close, [client])
    watchdog.start()
    try:
        _greet(client, endpoint, endpoint.port or world.port)
        yield client
        _quit(client)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        late = not watchdog.is_alive() or isinstance(error.__context__, TimeoutError)
        raise _explained(error, client, endpoint, world, late=late) from error
    finally:
        watchdog.cancel()
        client.close()


def starttls(client: SmtpClient, name: str = "", context: ssl.SSLContext | None = None) -> str:
    """Change to TLS, with SNI if a name is given, and return its version; nothing is verified."""
    client.change_to_tls(name, context)
    client.ehlo()
    version = client.sock.version() if isinstance(client.sock, ssl.SSLSocket) else None
    return version or "no TLS"


def ehlo_name(client: smtplib.SMTP) -> str:
    """Return the name in the server's answer to EHLO."""
    return (client.ehlo_resp or b"").decode(errors="replace").split("\n")[0].split(" ")[0]


def rcpt(client: smtplib.SMTP, recipient: str) -> Reply:
    """Return the reply to a recipient in any form; smtplib's method would correct some forms."""
    return reply(client.docmd("RCPT", f"TO:<{recipient}>"))


def peer_certificate(line: socket.socket | None) -> bytes:
    """Return the certificate in DER that a server has shown, nothing without TLS."""
    shown = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
    return shown or b""


def handshake(client: SmtpClient, name: str) -> None:
    """Begin TLS after STARTTLS was sent and answered by hand; nothing is verified."""
    if client.sock:
        client.sock = client.secured(client.sock, name, unverified())
        client.file = None


def _greet(client: SmtpClient, endpoint: Endpoint, port: int) -> None:
    client.greeting = client.connect(endpoint.address, port)
    banner = reply(client.greeting)
    if banner.code != READY:
        raise smtplib.SMTPResponseException(banner.code, banner.text)
    client.local_hostname = _address_literal(client)
    client.ehlo()


def _address_literal(client: smtplib.SMTP) -> str:
    # RFC 5321 section 4.1.3: the HELO name of a client without a host name.
    address = ip_address(client.sock.getsockname()[0]) if client.sock else IPv4Address(0)
    return f"[IPv6:{address}]" if isinstance(address, IPv6Address) else f"[{address}]"


def _quit(client: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException, ValueError):
        client.quit()


def _close(client: smtplib.SMTP) -> None:
    with suppress(OSError):
        if client.sock:
            # An SSLSocket's own shutdown would drop TLS while another thread still reads.
            socket.socket.shutdown(client.sock, socket.SHUT_RDWR)


def _explained(
    error: Exception, client: smtplib.SMTP, endpoint: Endpoint, world: World, *, late: bool
) -> Exception:
    where = str(endpoint) if endpoint.port else f"{endpoint} port {world.port}"
    if isinstance(error, ConnectionRefusedError):
        return MisbehavedError(f"{where} refused the connection: no service listens there")
    if client.sock is None and not isinstance(error, smtplib.SMTPException):
        return UnansweredError(f"{where} could not be reached: {error}")
    if late or isinstance(error, TimeoutError):
        return LateError(f"{where} took longer than {world.timeout:g} s")
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return MisbehavedError(f"{where} closed the connection")
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
