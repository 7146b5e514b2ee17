"""
SMTP servers that end a message at wrong sequences, or keep commands from before TLS.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

TRUE = rb"\r\n\.\r\n"
REPLIES = {b"MAIL": b"250 2.1.0 Ok", b"DATA": b"354 End data with <CR><LF>.<CR><LF>"}


class Careless(StreamRequestHandler):
    """Serves postmaster, and ends a message at a pattern: by a word about it, then as it wants."""

    end = TRUE
    verdict = b"554 5.4.0 Error: too many hops"
    stays = True
    postmaster = b"250 2.1.5 Ok"
    tls: ssl.SSLContext | None = None
    forgets = True
    ready = b"220 2.0.0 Ready to start TLS"

    def handle(self) -> None:
        self._read = b""
        self.say(b"220 mx1 ESMTP")
        while (line := self._until(rb"\r\n")) is not None:
            self.answer(line.strip())
            if line.upper().startswith(b"DATA") and not self._take():
                return

    def answer(self, line: bytes) -> None:
        if line.upper().startswith(b"RCPT") and b"postmaster" in line:
            self.say(self.postmaster)
        elif line.upper().startswith(b"EHLO"):
            self.say(b"250-mx1\r\n250-SIZE 1000000\r\n250 STARTTLS" if self.tls else b"250 mx1")
        elif line.upper() == b"STARTTLS" and self.tls:
            self._encrypt(self.tls)
        else:
            self.say(REPLIES.get(line[:4].upper(), self.other(line)))

    def other(self, line: bytes) -> bytes:
        return b"550 5.1.1 unknown" if line.upper().startswith(b"RCPT") else b"250 2.0.0 Ok"

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def _encrypt(self, tls: ssl.SSLContext) -> None:
        self.say(self.ready)
        if self.ready.startswith(b"220"):
            self._read = b"" if self.forgets else self._read
            self.request = self.connection = tls.wrap_socket(self.request, server_side=True)
            self.wfile = self.request.makefile("wb", buffering=0)

    def _take(self) -> bool:
        if self._until(self.end) is None:
            return False
        self.say(self.verdict)
        return self.stays

    def _until(self, pattern: bytes) -> bytes | None:
        """Return what stands before a pattern, nothing if the client hangs up first."""
        while not (found := re.search(pattern, self._read)):
            more = self.request.recv(65536)
            if not more:
                return None
            self._read += more
        before, self._read = self._read[: found.start()], self._read[found.end() :]
        return before


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up is what these tests are about."""


@contextmanager
def listening(handler: type[Careless]) -> Iterator[int]:
    """Serve on a port of 127.0.0.1 and return it."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def ending(
    pattern: bytes, verdict: bytes = Careless.verdict, *, stays: bool = True
) -> type[Careless]:
    """Return a server that ends messages at a pattern, says a word, and reads on or hangs up."""
    return type("Ending", (Careless,), {"end": pattern, "verdict": verdict, "stays": stays})


def encrypting(
    tls: ssl.SSLContext, *, forgets: bool = True, ready: bytes = Careless.ready
) -> type[Careless]:
    """Return a server that begins TLS, and forgets what came before, or does not."""
    return type("Encrypting", (Careless,), {"tls": tls, "forgets": forgets, "ready": ready})
