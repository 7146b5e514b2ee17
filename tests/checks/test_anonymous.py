"""Port 25 as unauthenticated clients see it: servers without faults, and with one fault each."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from threading import Event

import pytest

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.clients.smtp import Reply
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import MisbehavedError, UnansweredError
from deploys.checks.smtp import connect
from deploys.checks.smtp.anonymous import findings, recipients
from deploys.checks.smtp.connect import ConnectOutcome, connections
from deploys.checks.smtp.rcpt import Purpose, Rcpt
from tests.checks.raw_servers import raw
from tests.checks.smtp_servers import (
    CatchAll,
    Handler,
    KnowingRelay,
    NoPostmaster,
    OpenRelay,
    PercentRelay,
    certified,
    serving,
)
from tests.checks.worlds import fleet, world

Server = AbstractContextManager[int]
BLOCKED = {"smtp.relay", "smtp.unknown_recipient", "smtp.postmaster", "smtp.starttls"}


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certified(tmp_path_factory.mktemp("tls"))


def asked(folder: Path, port: int, timeout: float = 5) -> dict[Severity, set[str]]:
    """Return the ids of the findings about a server, by severity."""
    here = world(folder, port=port, timeout=timeout)
    return by_severity(chain(connections(fleet(), here), recipients(fleet(), here)))


def by_severity(findings: Iterator[Finding]) -> dict[Severity, set[str]]:
    found: dict[Severity, set[str]] = {}
    for finding in findings:
        assert finding.fix or finding.severity is Severity.OK
        found.setdefault(finding.severity, set()).add(finding.id)
    return found


def test_a_server_that_behaves_passes_everything(tmp_path: Path, tls: ssl.SSLContext) -> None:
    with serving(Handler(), tls) as port:
        found = asked(tmp_path, port)

    assert found == {Severity.OK: {"smtp.connect", *BLOCKED}}


@pytest.mark.parametrize(
    ("handler", "fails"),
    [
        (OpenRelay(), "smtp.relay"),
        (KnowingRelay(), "smtp.relay"),
        (PercentRelay(), "smtp.relay"),
        (CatchAll(), "smtp.unknown_recipient"),
        (NoPostmaster(), "smtp.postmaster"),
    ],
    ids=["open relay", "relay to domains with mail", "percent relay", "catch-all", "no postmaster"],
)
def test_exactly_the_matching_check_fails(
    tmp_path: Path, tls: ssl.SSLContext, handler: Handler, fails: str
) -> None:
    with serving(handler, tls) as port:
        found = asked(tmp_path, port)

    assert found[Severity.ERROR] == {fails}
    assert set(found) == {Severity.OK, Severity.ERROR}


def test_a_catch_all_of_the_inventory_is_told_and_is_no_error(tmp_path: Path) -> None:
    meant = fleet({"mail_aliases": {"@harbor.example": "root"}})
    with serving(CatchAll()) as port:
        found = list(recipients(meant, world(tmp_path, port=port)))

    assert not [one for one in found if one.severity is Severity.ERROR]
    (told,) = (one for one in found if one.id == "smtp.unknown_recipient")
    assert told.severity is Severity.INFO
    assert "mail_aliases has the catch-all @harbor.example" in told.saw


def test_a_server_without_starttls_fails_only_that(tmp_path: Path) -> None:
    with serving(Handler()) as port:
        found = asked(tmp_path, port)

    assert found[Severity.ERROR] == {"smtp.starttls"}


def test_a_broken_tls_fails_only_that(tmp_path: Path) -> None:
    without_certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with serving(Handler(), without_certificate) as port:
        found = asked(tmp_path, port)

    assert found[Severity.ERROR] == {"smtp.starttls"}


def hangs(_connection: socket.socket, over: Event) -> None:
    over.wait(10)


def hangs_up(_connection: socket.socket, _over: Event) -> None:
    """Close at once."""


def hangs_up_after_the_banner(connection: socket.socket, _over: Event) -> None:
    connection.sendall(b"220 mx1 ESMTP\r\n")


def tarpits(connection: socket.socket, over: Event) -> None:
    """Send a byte at a time, each soon enough to keep a timeout for each read from expiring."""
    try:
        while not over.wait(0.05):
            connection.sendall(b"2")
    except OSError:
        return


def floods(connection: socket.socket, over: Event) -> None:
    try:
        while not over.is_set():
            connection.sendall(b"220-" + b"x" * 65536)
    except OSError:
        return


def refuses(connection: socket.socket, _over: Event) -> None:
    connection.sendall(b"554 5.3.2 no service here\r\n")


def speaks_no_smtp(connection: socket.socket, _over: Event) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize(
    "serve",
    [hangs, hangs_up, hangs_up_after_the_banner, tarpits, floods, refuses, speaks_no_smtp],
    ids=lambda serve: serve.__name__.replace("_", " "),
)
def test_a_server_that_speaks_no_smtp_fails_and_leaves_the_rest_unknown(
    tmp_path: Path, serve: Callable[[socket.socket, Event], None]
) -> None:
    with raw(serve) as port:
        found = asked(tmp_path, port, timeout=0.3)

    assert found == {Severity.ERROR: {"smtp.connect"}, Severity.UNKNOWN: BLOCKED}


def test_a_closed_port_fails_and_leaves_the_rest_unknown(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    assert asked(tmp_path, port) == {Severity.ERROR: {"smtp.connect"}, Severity.UNKNOWN: BLOCKED}


ENDPOINT = Endpoint("mx1", "2001:db8::25")


@pytest.mark.parametrize(
    ("outcome", "reached", "severity"),
    [
        (UnansweredError("timed out"), set(), Severity.UNKNOWN),
        (UnansweredError("timed out"), {"IPv4"}, Severity.UNKNOWN),
        (UnansweredError("timed out"), {"IPv4", "IPv6"}, Severity.ERROR),
        (MisbehavedError("hung up"), {"IPv6"}, Severity.ERROR),
    ],
    ids=["nothing answered", "only IPv4 answered", "another IPv6 answered", "it was reached"],
)
def test_a_silent_host_is_an_error_only_if_this_machine_reaches_others(
    outcome: ConnectOutcome, reached: set[str], severity: Severity
) -> None:
    first = next(connect.findings(ENDPOINT, outcome, frozenset(reached)))

    assert (first.id, first.severity) == ("smtp.connect", severity)


def good(purpose: Purpose, code: int, text: str) -> tuple[Purpose, Reply, Severity]:
    return purpose, Reply(code, text), Severity.OK


def bad(purpose: Purpose, code: int, text: str) -> tuple[Purpose, Reply, Severity]:
    return purpose, Reply(code, text), Severity.ERROR


@pytest.mark.parametrize(
    ("purpose", "answer", "severity"),
    [
        good(Purpose.RELAY, 554, "5.7.1 Relay access denied"),
        good(Purpose.RELAY, 454, "4.7.1 Relay access denied"),
        bad(Purpose.RELAY, 250, "2.1.5 Ok"),
        bad(Purpose.RELAY, 251, "User not local; will forward"),
        good(Purpose.UNKNOWN, 550, "5.1.1 User unknown"),
        bad(Purpose.UNKNOWN, 250, "2.1.5 Ok"),
        bad(Purpose.UNKNOWN, 252, "2.1.5 Cannot verify"),
        bad(Purpose.UNKNOWN, 450, "4.1.1 User unknown"),  # senders would try for days
        bad(Purpose.UNKNOWN, 550, "5.7.1 Access denied"),  # refused, but for another reason
        bad(Purpose.UNKNOWN, 550, "No such user"),
        good(Purpose.POSTMASTER, 250, "2.1.5 Ok"),
        bad(Purpose.POSTMASTER, 550, "5.1.1 User unknown"),
        bad(Purpose.POSTMASTER, 450, "4.2.0 Greylisted"),
    ],
)
def test_each_reply_to_rcpt_has_its_severity(
    purpose: Purpose, answer: Reply, severity: Severity
) -> None:
    (finding,) = findings(ENDPOINT, {Rcpt(purpose, "someone@harbor.example"): answer})

    assert finding.severity is severity
    assert str(answer) in finding.saw
