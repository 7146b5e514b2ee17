"""
A sink: an SMTP server that the run opens itself, to which the hosts deliver like to any other.

What it takes is judged as at any receiver, so it does what a receiver does: it notes the client in
Received (RFC 5321 section 4.4), evaluates SPF, verifies the DKIM signatures, and writes what it
found into Authentication-Results (RFC 8601).
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import formatdate
from io import BufferedRandom
from tempfile import TemporaryFile

from authres import (
    AuthenticationResultsHeader,
    DKIMAuthenticationResult,
    SPFAuthenticationResult,
)
from pydantic import ValidationError

from ...mail.settings.verification import Sink
from ..clients.message import id_in
from ..clients.spf_evaluation import evaluated
from ..core.world import Names, UnansweredError, World
from . import sink_server
from .dkim_signature import failure, signatures
from .remote import Received
from .sink_server import READY, Door, Taken

_BEGINS = 10.0  # seconds until the program has to listen
_ENDS = 5.0
_PAUSE = 0.1


class OpenSink:
    """A sink that is open, and what has come to it."""

    def __init__(self, sink: Sink, written: BufferedRandom) -> None:
        self._sink = sink
        self._written = written

    def wait(self, world: World, ids: Sequence[str]) -> dict[str, Received]:
        """Wait for messages and return those that came in time; raise UnansweredError."""
        ends = world.clock() + world.patience
        while True:
            came = {id_in(one.content): one for one in self._taken()}
            found = {id_: one for id_, one in came.items() if id_ in ids}
            if len(found) == len(set(ids)) or world.clock() >= ends:
                return {
                    id_: Received(one.at, received(one, self._sink.name, world.names))
                    for id_, one in found.items()
                }
            time.sleep(_PAUSE)

    def lines(self) -> list[str]:
        """Return what the program has written so far, in whole lines."""
        self._written.seek(0)
        return self._written.read().decode(errors="replace").split("\n")[:-1]

    def _taken(self) -> Iterator[Taken]:
        for line in self.lines()[1:]:
            with suppress(ValidationError):
                yield Taken.model_validate_json(line)


@contextmanager
def opened(sink: Sink) -> Iterator[OpenSink]:
    """Open a sink, and close it again; raise UnansweredError if it cannot be opened."""
    endpoint = Door(listen=sink.listen, port=sink.port, name=sink.name, address=sink.address)
    # -P: the modules beside the program are none that it imports.
    command = (sys.executable, "-P", str(sink_server.__file__), endpoint.model_dump_json())
    with (
        TemporaryFile() as written,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=written, stderr=subprocess.DEVNULL
        ) as program,
    ):
        try:
            one = OpenSink(sink, written)
            _await(one, program, sink.port)
            yield one
        finally:
            program.terminate()
            with suppress(subprocess.TimeoutExpired):
                program.wait(_ENDS)
            program.kill()


def received(taken: Taken, name: str, names: Names) -> bytes:
    """Return a message as a mailbox of the sink would hold it."""
    raw = taken.content
    client = f"IPv6:{taken.client}" if ":" in taken.client else taken.client
    helo = "".join(filter(str.isprintable, taken.helo.replace(" ", "")))[:255] or "unknown"
    trace = (
        f"Return-Path: <{taken.sender}>\r\n"
        f"{_results(taken, name, names)}\r\n"
        f"Received: from {helo} (unknown [{client}])\r\n"
        f"\tby {name} with {'ESMTPS' if taken.tls else 'ESMTP'};\r\n"
        f"\t{formatdate(taken.at)}\r\n"
    )
    return (trace.encode(errors="replace") + raw).replace(b"\r\n", b"\n")


def _await(sink: OpenSink, program: "subprocess.Popen[bytes]", port: int) -> None:
    ends = time.monotonic() + _BEGINS
    while not (said := sink.lines()) and program.poll() is None and time.monotonic() < ends:
        time.sleep(_PAUSE)
    said = said or sink.lines() or ["it did not begin"]
    if said[0] != READY:
        raise UnansweredError(f"port {port} of this machine could not be opened: {said[0]}")


def _results(taken: Taken, name: str, names: Names) -> str:
    """Return the header that says what a receiver finds; a question left open is no result."""
    domain = taken.sender.rpartition("@")[2].lower()
    spf = evaluated(taken.client, domain, taken.helo, names.lookup)
    results = [SPFAuthenticationResult(result=spf.result, smtp_mailfrom=taken.sender)]
    headers = BytesHeaderParser(policy=compat32).parsebytes(taken.content)
    for index, one in enumerate(signatures(headers)):
        with suppress(UnansweredError):
            result = "fail" if failure(taken.content, index, names) else "pass"
            named = {"header_d": one.get("d"), "header_s": one.get("s")}
            results.append(DKIMAuthenticationResult(result=result, **named))
    return str(AuthenticationResultsHeader(authserv_id=name, results=results))
