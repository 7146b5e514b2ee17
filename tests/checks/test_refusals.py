"""What a server has to refuse at once, and how it may say so."""

import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploys.checks.finding import Finding, Severity
from deploys.checks.smtp import verbs
from deploys.checks.smtp.session import Endpoint, Reply
from tests.checks.servers import Handler, Talkative, raw, serving
from tests.checks.worlds import fleet, world

DOOR = Endpoint("mx1", "192.0.2.1")
NOBODY = "no-such-user-1f@harbor.example"
POSTMASTER = "postmaster@harbor.example"
OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN


def severities(found: list[Finding]) -> set[Severity]:
    assert all(one.fix or one.severity is OK for one in found)
    return {one.severity for one in found}


class Knowing(Handler):
    """Cannot verify who exists, and tells who does not."""

    async def handle_VRFY(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope, address: str
    ) -> str:
        return "252 2.0.0 Ok" if address == POSTMASTER else "550 5.1.1 User unknown"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [(Handler(), {OK}), (Talkative(), {OK, ERROR}), (Knowing(), {OK, ERROR})],
)
def test_a_server_tells_nobody_who_exists(
    handler: Handler, expected: set[Severity], tmp_path: Path
) -> None:
    with serving(handler) as port:
        found = list(verbs.verbs(fleet(), world(tmp_path, port=port)))

    assert severities(found) == expected


@pytest.mark.parametrize(
    ("known", "unknown", "severity"),
    [
        ("502 5.5.1 VRFY command is disabled", "502 5.5.1 VRFY command is disabled", OK),
        ("500 what?", "500 what?", OK),
        ("252 2.0.0 " + POSTMASTER, "252 2.0.0 " + NOBODY, OK),
        ("252 2.1.5 Send it, 4fb4d7-5c - smtp", "252 2.1.5 Send it, 98ac11-5c - smtp", OK),
        ("454 4.7.0 Later", "454 4.7.0 Later", OK),
        ("250 2.1.5 Ok", "250 2.1.5 Ok", OK),
        ("550 5.1.1 <Postmaster> unknown", "550 5.1.1 <no-such-user-1f> unknown", OK),
        ("250 <" + POSTMASTER + ">", "250 <" + NOBODY + ">", ERROR),
        ("251 2.1.5 captain@orchard.example", "251 2.1.5 captain@orchard.example", ERROR),
        ("252 2.0.0 " + POSTMASTER, "550 5.1.1 User unknown", ERROR),
        ("252 2.1.5 Ok", "252 2.1.1 Ok", ERROR),
        ("252 Welcome", "252 Nobody knows", ERROR),
        ("550 5.2.1 disabled", "550 5.1.1 disabled", ERROR),
        ("502 no", "421 4.7.0 Too many errors", UNKNOWN),
        ("354 go on", "354 go on", UNKNOWN),
        ("-1 garbage", "502 no", UNKNOWN),
    ],
)
def test_both_answers_have_to_be_alike(known: str, unknown: str, severity: Severity) -> None:
    said = {POSTMASTER: heard(known), NOBODY: heard(unknown)}

    found = verbs.judged(DOOR, "VRFY", said)

    assert found.severity is severity
    assert known in found.saw


def heard(line: str) -> Reply:
    code, _, text = line.partition(" ")
    return Reply(int(code), text)


def talks(*lines: bytes) -> Callable[[socket.socket, Event], None]:
    """Answer each command with the next line, whatever it is."""

    def serve(connection: socket.socket, _over: Event) -> None:
        for line in (b"220 mx1 ESMTP", b"250 mx1", *lines):
            connection.sendall(line + b"\r\n")
            if not connection.recv(999):
                return

    return serve


@pytest.mark.parametrize(
    "lines", [(), (b"\xff\xfe\x00 what",), (b"250-" + b"x" * 9999,)], ids=["end", "octets", "long"]
)
def test_garbage_tells_nothing_of_who_exists(lines: tuple[bytes, ...], tmp_path: Path) -> None:
    with raw(talks(*lines)) as port:
        found = list(verbs.verbs(fleet(), world(tmp_path, port=port, timeout=0.5)))

    assert severities(found) == {UNKNOWN}
