"""Servers that end a message too early, and servers that do not."""

from pathlib import Path

import pytest

from deploys.checks.clients.endpoint import Endpoint, SubmissionEndpoint
from deploys.checks.clients.smtp import Reply
from deploys.checks.core.finding import Severity
from deploys.checks.smtp.smuggling import ENDINGS, attempts, envelope, findings, smuggling
from deploys.mail.settings.secret import file
from tests.checks.ending_servers import TRUE, Careless, ending, listening
from tests.checks.smtp_servers import Handler, Submission, certified, serving
from tests.checks.worlds import fleet, world

CAPTAIN = "captain@harbor.example"
ENDPOINT = Endpoint("mx1", "203.0.113.11")
SAFE = "LF.LF, LF.CRLF, CRLF.LF, CR.CR, CR.LF, CR.CRLF, LF.CR, CRLF.CR, CRLF.CRCRLF, CRLFNUL.CRLF"


class NoPostmaster(Careless):
    """Refuses every recipient."""

    postmaster = b"450 4.2.0 Greylisted"


class Garbage(Careless):
    """Says what no client understands."""

    end = rb"\n\.\n"
    verdict = b"\x00\xff" * 99


def asked(folder: Path, server: type[Careless], timeout: float = 5) -> dict[Severity, list[str]]:
    """Return what was seen of a server, by severity."""
    found: dict[Severity, list[str]] = {}
    with listening(server) as port:
        for finding in smuggling(fleet(), world(folder, port=port, timeout=timeout)):
            assert finding.fix or finding.severity is Severity.OK
            found.setdefault(finding.severity, []).append(finding.saw)
    return found


@pytest.mark.parametrize(
    "server",
    [
        ending(TRUE),
        ending(rb"\n", b"521 5.5.2 mx1 Error: bare <LF> received", stays=False),
        ending(rb"\r(?!\n)|(?<!\r)\n", b"550 5.5.2 bare CR or LF\r\n421 4.7.0 Bye", stays=False),
    ],
    ids=["reads on", "refuses and hangs up", "says goodbye"],
)
def test_a_server_that_reads_on_or_refuses_is_safe(tmp_path: Path, server: type[Careless]) -> None:
    assert asked(tmp_path, server) == {
        Severity.OK: [f"mx1 at 127.0.0.1 ended no message at {SAFE}"]
    }


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (rb"(?<!\r)\n\.\n", ["LF.LF"]),
        (rb"\n\.\r?\n", ["LF.LF", "LF.CRLF", "CRLF.LF"]),
        (rb"\r\.\r", ["CR.CR", "CR.CRLF"]),
        (rb"[\r\n]\.[\r\n]+", SAFE.split(", ")[:-1]),
        (rb"\r\n\0?\.\r\n", ["CRLFNUL.CRLF"]),
    ],
)
def test_a_server_that_ends_a_message_early_is_an_error_with_the_sequence(
    tmp_path: Path, pattern: bytes, names: list[str]
) -> None:
    found = asked(tmp_path, ending(pattern), timeout=10)

    places = [saw.partition(": ") for saw in found[Severity.ERROR]]
    assert [place for place, _, _ in places] == [
        f"mx1 at 127.0.0.1 ended a message at {name}" for name in names
    ]
    replies = "554 5.4.0 Error: too many hops; 250 2.1.0 Ok; 550 5.1.1 unknown"
    assert {said for _, _, said in places} == {replies}


def test_the_reply_of_a_server_that_delivers_is_enough(tmp_path: Path) -> None:
    found = asked(tmp_path, ending(rb"\n\.\n", b"250 2.0.0 Ok: queued", stays=False), timeout=10)

    assert len(found[Severity.ERROR]) == 2


def test_a_server_that_cannot_be_asked_is_unknown_once(tmp_path: Path) -> None:
    ((severity, (saw,)),) = asked(tmp_path, NoPostmaster).items()

    assert severity is Severity.UNKNOWN
    assert saw.endswith("answered 450 4.2.0 Greylisted")


def test_garbage_ends_in_a_finding(tmp_path: Path) -> None:
    assert set(asked(tmp_path, Garbage, timeout=10)) == {Severity.ERROR, Severity.OK}


def test_a_real_server_passes(tmp_path: Path) -> None:
    box = tmp_path / "box"
    with serving(Handler(box)) as port:
        (finding,) = smuggling(fleet(), world(tmp_path, port=port))

    assert finding.severity is Severity.OK
    assert not box.exists()


def test_an_account_is_used_at_submission(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("ahoy\n")
    password = file(tmp_path / "password")
    account = {CAPTAIN: {"password": password}}
    host = fleet({"mail_aliases": {"captain": "root"}, "mail_accounts": account}).hosts[0]
    with serving(Submission(), certified(tmp_path)) as port:
        endpoint = SubmissionEndpoint("mx1", "127.0.0.1", port, login=CAPTAIN, password=password)
        (finding,) = attempts(endpoint, envelope(endpoint, host), world(tmp_path))

    assert finding.severity is Severity.OK
    assert envelope(endpoint, host).sender == CAPTAIN


@pytest.mark.parametrize(
    ("replies", "severity"),
    [
        ([], Severity.OK),
        ([Reply(521, "5.5.2 bare LF")], Severity.OK),
        ([Reply(550, "5.5.2 bare LF"), Reply(421, "4.7.0 Bye")], Severity.OK),
        ([Reply(250, "2.0.0 Ok: queued")], Severity.ERROR),
        ([Reply(550, "5.5.2 bare LF"), Reply(250, "2.1.0 Ok")], Severity.ERROR),
        ([Reply(550, "5.5.2 bare LF"), Reply(500, "what?")], Severity.ERROR),  # it reads commands
        ([Reply(-1, "")], Severity.ERROR),
    ],
)
def test_replies_before_the_end_have_their_severity(
    replies: list[Reply], severity: Severity
) -> None:
    (finding,) = findings(ENDPOINT, {ENDINGS[0]: replies})

    assert finding.severity is severity
