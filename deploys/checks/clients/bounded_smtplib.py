"""
smtplib's client with two more bounds: the length of a reply, and an end for each TLS handshake.

smtplib limits each line of a reply, but not the number of lines. And it has no reference to the
socket during a handshake, so a watchdog could not close it.
"""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import BinaryIO

_LONGEST_REPLY = 65_536  # octets: RFC 5321 section 4.5.3.1.5 has 512 for a line


def unverified() -> ssl.SSLContext:
    """Return a context for TLS that verifies nothing, and so reads no authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Bounded:
    """A server's replies, of bounded length."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = 0
        self.close = file.close

    def begin(self) -> None:
        """Allow one more reply."""
        self._left = _LONGEST_REPLY

    def readline(self, size: int) -> bytes:
        """Return a whole line, nothing at the end; raise ValueError if the reply is too long."""
        line = self._file.readline(size)
        if len(line) < size and not line.endswith(b"\n"):
            return b""  # the connection was closed within a line
        self._left -= len(line)
        if self._left < 0:
            raise ValueError(f"it sent more than {_LONGEST_REPLY} octets in one reply")
        return line


class SmtpClient(smtplib.SMTP):
    """A client that is not connected yet, so that a watchdog has it before the connection."""

    def __init__(self, address: str, timeout: float, *, wrapped: bool) -> None:
        super().__init__(timeout=timeout, local_hostname="localhost")
        self.greeting = (0, b"")
        # connect() leaves this to the constructor, and starttls() needs it
        self._host = address
        self._wrapped = wrapped

    def getreply(self) -> tuple[int, bytes]:
        """Return a server's reply; raise ValueError if it is too long."""
        if self.sock and not self.file:
            self.file = _Bounded(self.sock.makefile("rb"))
        if self.file:
            self.file.begin()
        return super().getreply()

    def change_to_tls(self, name: str, context: ssl.SSLContext | None) -> None:
        """Send STARTTLS, with SNI if a name is given; nothing is verified without a context."""
        self._host = name or self._host  # smtplib sends it as SNI
        handshake = _Handshake(self, context or unverified())
        self.starttls(context=handshake)  # type: ignore[call-overload]

    def secured(self, plain: socket.socket, name: str, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Make the TLS handshake on a socket that the watchdog can close."""
        self.sock = wrapped = context.wrap_socket(
            plain, server_hostname=name, do_handshake_on_connect=False
        )
        wrapped.do_handshake()
        return wrapped

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        return self.secured(plain, host, unverified()) if self._wrapped else plain


@dataclass(frozen=True)
class _Handshake:
    """The context that smtplib is given: the client makes the handshake."""

    client: SmtpClient
    context: ssl.SSLContext

    def wrap_socket(self, plain: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        """Return a socket in TLS."""
        return self.client.secured(plain, server_hostname, self.context)
