"""
Sink: an SMTP server of the run itself, to which the hosts deliver as to any other.

It does what a receiver does: it writes the client into Received (RFC 5321 section 4.4), evaluates
SPF, verifies the DKIM signatures, and writes the results into Authentication-Results (RFC 8601).
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
from .host_commands import Received
from .sink_server import READY, AcceptedMessage, Listener

_START = 10.0  # seconds until the program has to listen
_STOP = 5.0
_PAUSE = 0.1


class OpenSink:
    """A sink that is open, and the messages that it has accepted."""

    def __init__(self, sink: Sink, written: BufferedRandom) -> None:
        self._sink = sink
        self._written = written

    def wait(self, world: World, ids: Sequence[str]) -> dict[str, Received]:
        """Wait for messages and return those that came in time; raise UnansweredError."""
        ends = world.clock() + world.patience
        while True:
            accepted = {id_in(one.content): one for one in self._accepted()}
            found = {id_: one for id_, one in accepted.items() if id_ in ids}
            if len(found) == len(set(ids)) or world.clock() >= ends:
                return {
                    id_: Received(one.at, received(one, self._sink.name, world.names))
                    for id_, one in found.items()
                }
            time.sleep(_PAUSE)

    def lines(self) -> list[str]:
        """Return the output of the program so far, in whole lines."""
        self._written.seek(0)
        return self._written.read().decode(errors="replace").split("\n")[:-1]

    def _accepted(self) -> Iterator[AcceptedMessage]:
        for line in self.lines()[1:]:
            with suppress(ValidationError):
                yield AcceptedMessage.model_validate_json(line)


@contextmanager
def open_sink(sink: Sink) -> Iterator[OpenSink]:
    """Open a sink, and close it again; raise UnansweredError if it cannot be opened."""
    listener = Listener(listen=sink.listen, port=sink.port, name=sink.name, address=sink.address)
    # -P: the program imports nothing from its own folder.
    command = (sys.executable, "-P", str(sink_server.__file__), listener.model_dump_json())
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
                program.wait(_STOP)
            program.kill()


def received(accepted: AcceptedMessage, name: str, names: Names) -> bytes:
    """Return a message as a mailbox has it, with the headers of the receiver."""
    raw = accepted.content
    client = f"IPv6:{accepted.client}" if ":" in accepted.client else accepted.client
    helo = "".join(filter(str.isprintable, accepted.helo.replace(" ", "")))[:255] or "unknown"
    trace = (
        f"Return-Path: <{accepted.sender}>\r\n"
        f"{_results(accepted, name, names)}\r\n"
        f"Received: from {helo} (unknown [{client}])\r\n"
        f"\tby {name} with {'ESMTPS' if accepted.tls else 'ESMTP'};\r\n"
        f"\t{formatdate(accepted.at)}\r\n"
    )
    return (trace.encode(errors="replace") + raw).replace(b"\r\n", b"\n")


def _await(sink: OpenSink, program: "subprocess.Popen[bytes]", port: int) -> None:
    ends = time.monotonic() + _START
    while not (output := sink.lines()) and program.poll() is None and time.monotonic() < ends:
        time.sleep(_PAUSE)
    output = output or sink.lines() or ["the program did not start"]
    if output[0] != READY:
        raise UnansweredError(f"port {port} of this machine could not be opened: {output[0]}")


def _results(accepted: AcceptedMessage, name: str, names: Names) -> str:
    """Return the Authentication-Results header; a check without an answer has no result in it."""
    spf = evaluated(accepted.client, accepted.sender.lower(), accepted.helo, names.lookup)
    results = [SPFAuthenticationResult(result=spf.result, smtp_mailfrom=accepted.sender)]
    headers = BytesHeaderParser(policy=compat32).parsebytes(accepted.content)
    for index, one in enumerate(signatures(headers)):
        with suppress(UnansweredError):
            result = "fail" if failure(accepted.content, index, names) else "pass"
            named = {"header_d": one.get("d"), "header_s": one.get("s")}
            results.append(DKIMAuthenticationResult(result=result, **named))
    return str(AuthenticationResultsHeader(authserv_id=name, results=results))
