"""Servers that disconnect, trickle, flood or send garbage: a finding each, in little memory."""

import socket
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from deploys.checks.clients import smtp
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import World
from deploys.checks.smtp.anonymous import recipients
from deploys.checks.smtp.certificates import certificates
from deploys.checks.smtp.connect import connections
from deploys.checks.smtp.greeting import greetings
from deploys.checks.smtp.key_exchange import key_exchanges
from deploys.checks.smtp.protocols import protocols, scanned
from deploys.checks.smtp.tls_scan import ScannedServer
from deploys.mail.settings.model import Fleet
from tests.checks.cases.smtp_tls import program, strict
from tests.checks.raw_servers import BANNER, EHLO, Serve, raw, speaks
from tests.checks.worlds import fleet, world

OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN
TIMEOUT = 5.0  # seconds of a session; one that is kept until its end gets the other
SHORT = 0.5
FLOOD = 10 << 20
ENOUGH = 4 << 20  # octets of memory for all of it
Ask = Callable[[Fleet, World], Iterable[Finding]]


def hangs_up(_connection: socket.socket, _over: Event) -> None:
    """Close at once."""


def trickles(opening: bytes = b"", *, after: str = "") -> Serve:
    """Send an octet at a time, each soon enough to keep a limit for each read from expiring."""

    def serve(connection: socket.socket, over: Event) -> None:
        _until(connection, after)
        connection.sendall(opening)
        while not over.wait(0.05):
            connection.sendall(b"2")

    return serve


def floods(opening: bytes, chunk: bytes, *, after: str = "") -> Serve:
    """Send ten mebibytes and wait for what comes of it."""

    def serve(connection: socket.socket, over: Event) -> None:
        _until(connection, after)
        connection.sendall(opening)
        for _ in range(FLOOD // len(chunk)):
            connection.sendall(chunk)
        over.wait(10)

    return serve


def garbles(said: bytes, *, early: bool = False) -> Serve:
    """Send something else than TLS as an answer to the ClientHello, or before there is one."""

    def serve(connection: socket.socket, over: Event) -> None:
        _until(connection, "STARTTLS")
        connection.sendall(b"220 2.0.0 Ready\r\n" + (said if early else b""))
        if not early and connection.recv(1):
            connection.sendall(said)
        over.wait(10)

    return serve


def _until(connection: socket.socket, verb: str) -> None:
    """Speak SMTP until a command comes."""
    if not verb:
        return
    connection.sendall(BANNER)
    for line in connection.makefile("rb"):
        said = line.split()[0].decode().upper()
        if said == verb:
            return
        connection.sendall({"EHLO": EHLO, "QUIT": b"221 Bye\r\n"}.get(said, b"250 2.0.0 Ok\r\n"))
        if said == "QUIT":
            raise ConnectionResetError


SILENT = {"smtp.connect": ERROR, "smtp.starttls": UNKNOWN, "smtp.banner": UNKNOWN}
RUDE = {"smtp.connect": OK, "smtp.banner": OK, "smtp.relay": UNKNOWN}
NO_TLS = {"smtp.connect": OK, "smtp.starttls": ERROR, "smtp.banner": OK}
LINES = b"250-" + b"x" * 60 + b"\r\n"
KEPT = ("trickles", "sends text for TLS too early")  # until the time of a session is over
SERVERS: dict[str, tuple[Serve, dict[str, Severity]]] = {
    "hangs up at once": (hangs_up, SILENT),
    "hangs up after EHLO": (speaks(ends_at="EHLO"), SILENT),
    "hangs up after MAIL": (speaks(ends_at="MAIL"), RUDE),
    "hangs up after RCPT": (speaks(ends_at="RCPT"), RUDE),
    "hangs up after STARTTLS": (speaks(ends_at="STARTTLS"), NO_TLS),
    "trickles its greeting": (trickles(), SILENT),
    "trickles its answer to EHLO": (trickles(after="EHLO"), SILENT),
    "trickles its handshake": (
        trickles(b"220 Ready\r\n\x16\x03\x03\x3f\xff", after="STARTTLS"),
        NO_TLS,
    ),
    "greets without end": (floods(b"220 ", b"x" * 65536), SILENT),
    "greets in lines without end": (floods(b"", b"220-x\r\n" * 8192), SILENT),
    "answers EHLO without end": (floods(b"250-", b"x" * 65536, after="EHLO"), SILENT),
    "answers EHLO in lines without end": (floods(b"", LINES * 1024, after="EHLO"), SILENT),
    "shakes hands without end": (
        floods(b"220 Ready\r\n", b"\x16\x03\x03" * 9999, after="STARTTLS"),
        NO_TLS,
    ),
    "sends text for TLS": (garbles(b"500 what is that\r\n"), NO_TLS),
    "sends text for TLS too early": (garbles(b"500 what is that\r\n", early=True), NO_TLS),
    "sends zeros for TLS": (garbles(bytes(4096)), NO_TLS),
    "sends an alert for TLS": (garbles(b"\x15\x03\x03\x00\x02\x02\x28"), NO_TLS),
    "sends what is no UTF-8": (garbles(b"\xff\xfe\x00" * 99), NO_TLS),
}


@pytest.fixture(name="deadlines")
def _deadlines(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds after which each session is ended, whatever its server does."""
    deadlines: list[float] = []

    def timer(seconds: float, *action: Any) -> Timer:
        deadlines.append(seconds)
        return Timer(seconds, *action)

    monkeypatch.setattr(smtp, "Timer", timer)
    return deadlines


def asked(ask: Ask, here: World, deadlines: list[float]) -> list[Finding]:
    deadlines.clear()
    found = list(ask(fleet(), here))
    # A check asks in up to four sessions, one after the other.
    assert 0 < len(deadlines) <= 4
    assert set(deadlines) == {here.timeout}
    assert all(one.fix or one.severity in {OK, Severity.INFO} for one in found)
    return found


def here(folder: Path, port: int, name: str = "") -> World:
    folder.mkdir(exist_ok=True)
    return world(folder, port=port, timeout=SHORT if name.startswith(KEPT) else TIMEOUT)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_misbehaves_is_a_finding_soon_and_in_little_memory(
    tmp_path: Path, name: str, deadlines: list[float]
) -> None:
    serve, expected = SERVERS[name]
    tracemalloc.start()
    try:
        with raw(serve) as port:
            found = []
            for number, ask in enumerate((connections, greetings, recipients)):
                found += asked(ask, here(tmp_path / str(number), port, name), deadlines)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    answers = {one.id: one.severity for one in found if one.id in expected}
    assert answers == expected
    assert len([one for one in found if one.id in expected]) == len(expected)
    assert peak < ENOUGH


WITHOUT_TLS = [name for name in SERVERS if "MAIL" not in name and "RCPT" not in name]


@pytest.mark.parametrize("name", WITHOUT_TLS)
@pytest.mark.parametrize("ask", [certificates, key_exchanges])
def test_a_certificate_or_key_exchange_that_cannot_be_fetched_is_unknown(
    tmp_path: Path, ask: Ask, name: str, deadlines: list[float]
) -> None:
    with raw(SERVERS[name][0]) as port:
        (finding,) = asked(ask, here(tmp_path, port, name), deadlines)

    assert finding.severity is UNKNOWN


@pytest.mark.parametrize("name", ["sslyze", "openssl"])
def test_a_scan_that_exceeds_its_time_is_unknown(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def scan(servers: Sequence[ScannedServer], limit: float, there: World) -> Mapping[Any, Any]:
        limits.append(limit)
        return scanned(servers, 3, replace(there, timeout=SHORT))  # of which some would take up all

    monkeypatch.setattr("deploys.checks.smtp.protocols.scanned", scan)
    addresses = [f"127.0.2.{number}" for number in range(1, 1 + len(WITHOUT_TLS))]
    with ExitStack() as stack:
        port = 0
        for server, address in zip(WITHOUT_TLS, addresses, strict=True):
            port = stack.enter_context(raw(SERVERS[server][0], address, port))
        stack.enter_context(program(name))
        found = list(protocols(fleet({"mail_addresses": addresses}), here(tmp_path, port)))

    about = found[: len(addresses)]
    assert [one.severity for one in about] == [UNKNOWN] * len(addresses)
    assert all(address in one.saw for one, address in zip(about, addresses, strict=True))
    assert all(one.fix for one in found)
    assert limits == [2 * TIMEOUT + len(addresses)]


def test_a_server_that_disconnects_in_its_handshake_has_no_tls(
    tmp_path: Path, deadlines: list[float]
) -> None:
    with raw(speaks(context=strict(tmp_path), ends_at="the handshake")) as port:
        answers = asked(connections, here(tmp_path, port), deadlines)

    found = {one.id: one.severity for one in answers}
    assert (found["smtp.connect"], found["smtp.starttls"]) == (OK, ERROR)
