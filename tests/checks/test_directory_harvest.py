"""Servers that limit unknown recipients, and servers that do not."""

import asyncio
import socket
from pathlib import Path
from threading import Event

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploys.checks.core.finding import Severity
from deploys.checks.smtp.directory_harvest import limits
from tests.checks.raw_servers import raw
from tests.checks.smtp_servers import Handler, Patient, serving
from tests.checks.worlds import fleet, world


class Short(Handler):
    """Bears few mistakes."""

    guesses = 7


@pytest.mark.parametrize(
    ("handler", "severity", "words"),
    [
        (Short(), Severity.OK, "disconnected after 7 unknown recipients"),
        (Handler(), Severity.OK, "disconnected after 30 unknown recipients"),
        (Patient(), Severity.WARNING, "answered 40 unknown recipients without a delay"),
    ],
    ids=["short", "long", "endless"],
)
def test_the_number_of_unknown_recipients_is_in_the_finding(
    handler: Handler, severity: Severity, words: str, tmp_path: Path
) -> None:
    with serving(handler) as port:
        (found,) = limits(fleet(), world(tmp_path, port=port))

    assert (found.severity, found.subject) == (severity, "mx1")
    assert words in found.saw


class Slowing(Handler):
    """Takes its time, the more so the more it is asked."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        answer = await super().handle_RCPT(server, session, envelope, address, options)
        if self._refused[session.peer] > 3:
            await asyncio.sleep(1)
        return answer


def test_a_server_with_a_delay_is_not_tried_to_the_end(tmp_path: Path) -> None:
    with serving(Slowing()) as port:
        (found,) = limits(fleet(), world(tmp_path, port=port))

    assert found.severity is Severity.OK
    assert "answered unknown recipient 5 after 1." in found.saw


class Taking(Handler):
    """Accepts every recipient."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope, _address: str, _: list[str]
    ) -> str:
        return "250 2.1.5 Ok"


def test_a_catch_all_has_no_errors_to_limit(tmp_path: Path) -> None:
    with serving(Taking()) as port:
        (found,) = limits(fleet(), world(tmp_path, port=port))

    assert found.severity is Severity.INFO
    assert "accepts every recipient at harbor.example" in found.saw


def hangs_up(connection: socket.socket, _over: Event) -> None:
    connection.sendall(b"220 mx1.harbor.example ESMTP\r\n")
    for answer in (b"250 mx1.harbor.example\r\n", b"250 2.1.0 Ok\r\n", b"421 4.3.2 Closing\r\n"):
        connection.recv(4096)
        connection.sendall(answer)


def test_a_server_that_closes_at_once_is_unknown(tmp_path: Path) -> None:
    with raw(hangs_up) as port:
        (found,) = limits(fleet(), world(tmp_path, port=port))

    assert found.severity is Severity.UNKNOWN
    assert found.fix


def test_a_closed_port_is_unknown(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    (found,) = limits(fleet(), world(tmp_path, port=port))

    assert found.severity is Severity.UNKNOWN
    assert "no service listens there" in found.saw
