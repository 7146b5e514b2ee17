"""A server of RFC 821 and no later: no 8BITMIME, no SMTPUTF8, no line over 998 octets."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.lab.runs import LAB

STRICT = f"old@[{LAB.lab.network4[1]}]"  # this machine, as the lab's hosts see it
LATER = ("8BITMIME", "SMTPUTF8")


class StrictServer:
    """Messages of a server without extensions, as they were received."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, answer: list[str]
    ) -> list[str]:
        """Leave out of the answer what the server does not support."""
        session.host_name = name
        return [line for line in answer if line[4:] not in LATER]

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a message; one with octets beyond ASCII is refused, as they were not negotiated."""
        content = envelope.original_content or b""
        if not content.isascii():
            return "554 5.6.1 Octets beyond ASCII, and this server does not offer 8BITMIME"
        self.messages.append(content)
        return "250 2.0.0 Ok"


@contextmanager
def strict_server(address: str) -> Iterator[StrictServer]:
    """Serve on port 25 of an address."""
    handler = StrictServer()
    controller = Controller(handler, hostname=address, port=25, decode_data=False)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def settled(strict: StrictServer, count: int) -> None:
    """Wait until the strict server has this many messages."""
    for _ in range(300):
        if len(strict.messages) >= count:
            return
        time.sleep(0.2)
    raise AssertionError(f"{len(strict.messages)} of {count} messages")
