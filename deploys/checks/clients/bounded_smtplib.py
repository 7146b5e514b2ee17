"""
smtplib's client, with bounds that it lacks: on the length of a reply, and for who has to hang up.

A limit for each line of a reply, as smtplib has it, is not enough: there may be any number of them.
And while TLS shakes hands, nobody but the one who shakes them knows the socket.
"""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from typing import BinaryIO

_LONGEST_REPLY = 65_536  # octets: RFC 5321 section 4.5.3.1.5 has 512 for a line


def unverified() -> ssl.SSLContext:
    """Return a context for TLS with whoever it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Bounded:
    """A server's words: reading ends where a reply is longer than any that means something."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = 0
        self.close = file.close

    def begin(self) -> None:
        """Let one more reply be read."""
        self._left = _LONGEST_REPLY

    def readline(self, size: int) -> bytes:
        """Return a whole line, or nothing at the end; raise ValueError where it is too much."""
        line = self._file.readline(size)
        if len(line) < size and not line.endswith(b"\n"):
            return b""  # whoever hangs up in the middle of a line, or is hung up on, said nothing
        self._left -= len(line)
        if self._left < 0:
            raise ValueError(f"it sent more than {_LONGEST_REPLY} octets in one reply")
        return line


class Client(smtplib.SMTP):
    """A client that is not connected yet, so that a watchdog can know it."""

    def __init__(self, address: str, timeout: float, *, wrapped: bool) -> None:
        super().__init__(timeout=timeout, local_hostname="localhost")
        self.greeting = (0, b"")
        # connect() leaves this to the constructor, and starttls() needs it
        self._host = address
        self._wrapped = wrapped

    def getreply(self) -> tuple[int, bytes]:
        """Return a server's reply; raise ValueError where it is too long."""
        if self.sock and not self.file:
            self.file = _Bounded(self.sock.makefile("rb"))
        if self.file:
            self.file.begin()
        return super().getreply()

    def change_to_tls(self, name: str, context: ssl.SSLContext | None) -> None:
        """Ask for TLS, for a name if one is given; nothing is verified without a context."""
        self._host = name or self._host  # what smtplib asks for
        handshake = _Handshake(self, context or unverified())
        self.starttls(context=handshake)  # type: ignore[call-overload]

    def secured(self, plain: socket.socket, name: str, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Shake hands on a socket that the watchdog knows meanwhile."""
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
    """What smtplib takes for a context: hands are shaken by the client."""

    client: Client
    context: ssl.SSLContext

    def wrap_socket(self, plain: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        """Return a socket in TLS."""
        return self.client.secured(plain, server_hostname, self.context)
