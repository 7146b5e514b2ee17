"""SMTP servers of raw sockets on loopback, with any behaviour that a test needs."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

Serve = Callable[[socket.socket, Event], None]
EHLO = (
    b"250-mx1.harbor.example\r\n250-PIPELINING\r\n250-SIZE 26214400\r\n250-STARTTLS\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
)
BANNER = b"220 mx1.harbor.example ESMTP\r\n"


@contextmanager
def raw(serve: Serve, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Serve every connection with a function, side by side, until the test is over."""
    over = Event()

    def each(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection, over)

    def accept() -> None:
        while not over.is_set():
            connection, _ = listener.accept()
            Thread(target=each, args=(connection,), daemon=True).start()

    with socket.create_server((host, port)) as listener:
        thread = Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def speaks(
    banner: bytes = BANNER,
    ehlo: bytes = EHLO,
    context: ssl.SSLContext | None = None,
    ends_at: str = "",
    *,
    wrapped: bool = False,
) -> Serve:
    """
    Speak SMTP as a server does, with these words, and hang up instead of one answer.

    A `wrapped` server speaks in TLS from the first octet.
    """

    def serve(connection: socket.socket, _over: Event) -> None:
        if wrapped and context:
            connection = context.wrap_socket(connection, server_side=True)
        connection.sendall(banner)
        lines = connection.makefile("rb")
        while line := lines.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            if verb == ends_at:
                return
            if verb == "STARTTLS" and context:
                connection.sendall(b"220 2.0.0 Ready\r\n")
                if ends_at == "the handshake":
                    return
                connection = context.wrap_socket(connection, server_side=True)
                lines = connection.makefile("rb")
                continue
            connection.sendall(
                {"EHLO": ehlo, "QUIT": b"221 Bye\r\n"}.get(verb, b"250 2.0.0 Ok\r\n")
            )
            if verb == "QUIT":
                return

    return serve
