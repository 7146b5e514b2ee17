"""Servers that keep commands from before TLS, and servers that discard them."""

import ssl
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.smtp.injection import injection
from tests.checks.ending_servers import Careless, encrypting, listening
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import fleet, world


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certified(tmp_path_factory.mktemp("tls"))


class Busy(Careless):
    """Has no time once TLS has begun."""

    def answer(self, line: bytes) -> None:
        busy = isinstance(self.request, ssl.SSLSocket)
        self.say(b"421 4.3.2 busy") if busy else super().answer(line)


class Terse(Careless):
    """Has no extension but STARTTLS, which it does not offer under TLS."""

    def answer(self, line: bytes) -> None:
        terse = isinstance(self.request, ssl.SSLSocket)
        self.say(b"250 mx1") if terse else super().answer(line)


def asked(folder: Path, server: type[Careless]) -> tuple[Severity, str]:
    with listening(server) as port:
        (finding,) = injection(fleet(), world(folder, port=port, timeout=1))
    assert finding.fix or finding.severity is Severity.OK
    return finding.severity, finding.saw.replace(f" port {port}", "")


@pytest.mark.parametrize(
    ("forgets", "ready", "severity", "words"),
    [
        (True, b"220 Go ahead", Severity.OK, "discarded the NOOP"),
        (True, b"554 5.5.0 Error: SMTP protocol synchronization", Severity.OK, "554 5.5.0"),
        (False, b"220 Go ahead", Severity.ERROR, "inside TLS: 250 2.0.0 Ok"),
    ],
    ids=["forgets", "refuses", "remembers"],
)
def test_commands_from_before_tls_have_to_be_discarded(  # noqa: PLR0913 - a table's columns
    tmp_path: Path,
    tls: ssl.SSLContext,
    *,
    forgets: bool,
    ready: bytes,
    severity: Severity,
    words: str,
) -> None:
    seen, saw = asked(tmp_path, encrypting(tls, forgets=forgets, ready=ready))

    assert seen is severity
    assert words in saw


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Careless, "does not offer STARTTLS"),
        (Busy, "answered 421 4.3.2 busy"),
        (Terse, "mx1 at 127.0.0.1"),
    ],
    ids=["no STARTTLS", "busy", "terse"],
)
def test_a_server_that_cannot_be_asked_is_unknown(
    tmp_path: Path, tls: ssl.SSLContext, server: type[Careless], words: str
) -> None:
    with_tls = server if server is Careless else type("WithTls", (server,), {"tls": tls})
    seen, saw = asked(tmp_path, with_tls)

    assert seen is Severity.UNKNOWN
    assert words in saw


def test_a_broken_handshake_is_unknown(tmp_path: Path) -> None:
    seen, saw = asked(tmp_path, encrypting(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)))

    assert seen is Severity.UNKNOWN
    assert saw.startswith("not checked: mx1 at 127.0.0.1")


def test_a_closed_port_is_unknown(tmp_path: Path) -> None:
    (found,) = injection(fleet(), world(tmp_path, port=1))

    assert found.severity is Severity.UNKNOWN


def test_a_real_server_passes(tmp_path: Path, tls: ssl.SSLContext) -> None:
    with serving(Handler(), tls) as port:
        (finding,) = injection(fleet(), world(tmp_path, port=port))

    assert finding.severity is Severity.OK
