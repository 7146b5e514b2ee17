"""Check of a list: the verdict on each line, the result, and the run."""

import csv
import json
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.api.state import State
from pyinfra.context import ctx_state

from deploys.checks.clients.suppressions import SuppressionStore
from deploys.checks.core.finding import Severity
from deploys.checks.core.progress import Progress
from deploys.checks.core.report import Verdict
from deploys.checks.list import page
from deploys.checks.list import walk as walking
from deploys.checks.list.duplicates import FirstLines
from deploys.checks.list.file import ListLine, list_file
from deploys.checks.list.operation import ListCheck, list_verification
from deploys.checks.list.result import ListResult
from deploys.checks.list.suppressed import SuppressedRecipients
from deploys.checks.list.verdicts import OF_DOMAINS, Reason, Verdicts
from deploys.checks.list.walk import ListQuestions, walk
from deploys.dns import authority
from deploys.dns.reception import Reception, Receptions
from deploys.mail.errors import MailError, UnansweredError
from tests.checks.report_samples import checked_list
from tests.fakes import ROOT, RunIn
from tests.fakes import written as written_inventory
from tests.host.found import SETTINGS
from tests.zones.responder import Responder, a, mx

NOBODY = ListQuestions(Receptions(["127.0.0.1"], 9))


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Responder]:
    monkeypatch.setattr(authority, "TRY", 0.2)
    monkeypatch.setattr(authority, "LIFETIME", 0.2)
    with Responder("127.0.0.1") as server:
        server.answers = {
            ("good.example", "MX"): [mx(10, "mx.example")],
            ("mx.example", "A"): [a("192.0.2.1")],
            ("xn--bcher-kva.example", "A"): [a("192.0.2.1")],
            ("null.example", "MX"): [b"\0\0\0"],
        }
        server.unanswered = {"quiet.example"}
        yield server


def written(folder: Path, octets: bytes) -> str:
    path = folder / "list.csv"
    path.write_bytes(octets)
    return str(path)


def test_the_first_line_of_a_text_is_found_in_a_full_table() -> None:
    first = FirstLines(500)

    assert [first.of(f"text {line}", line) for line in range(1, 501)] == [0] * 500
    assert [first.of(f"text {line}", 999) for line in range(1, 501)] == [*range(1, 501)]


RECEPTIONS = {f"{one.name.lower().replace('_', '-')}.example": one for one in Reception}


@pytest.mark.parametrize(
    ("texts", "reason", "words"),
    [
        (["anna"], Reason.SYNTAX, "it has no @"),
        ([""], Reason.SYNTAX, "there is no address"),
        (["a@absent.example"], Reason.ABSENT, "the domain does not exist"),
        (["a@no-server.example"], Reason.NO_SERVER, "neither an MX record nor an address"),
        (["a@null-mx.example"], Reason.NULL_MX, "null MX, RFC 7505"),
        (["a@no-address.example"], Reason.NO_ADDRESS, "no MX host of the domain has an address"),
        (["a@unknown.example"], Reason.UNKNOWN, "no answer from the DNS about the domain"),
        (["a@receives.example"], Reason.NOTHING, ""),
        (["a@receives.example", "A@Receives.Example"], Reason.DUPLICATE, "the address of line 1"),
        (["a@receives.example", "b@receives.example"], Reason.NOTHING, ""),
        (["a@receives.example", "a@absent.example"], Reason.ABSENT, "does not exist"),
        (["a@absent.example", "a@absent.example"], Reason.ABSENT, "does not exist"),
        (["a@receives.example", "a+b@receives.example"], Reason.SUBADDRESS, "mailbox of line 1"),
        (["a+b@receives.example", "a@receives.example"], Reason.SUBADDRESS, "mailbox of line 1"),
        (["a+b@receives.example"], Reason.NOTHING, ""),
        (
            ["x@receives.example", "a+b@receives.example", "a+B@receives.example"],
            Reason.DUPLICATE,
            "the address of line 2",
        ),
        (["anna", "anna"], Reason.SYNTAX, "it has no @"),
        (["info@receives.example"], Reason.ROLE, "not of a person (RFC 2142)"),
        (["info@absent.example"], Reason.ABSENT, "does not exist"),
        (["a@[192.0.2.1]"], Reason.LITERAL, "an IP address in place of a domain"),
        (["ü@receives.example"], Reason.SMTPUTF8, "RFC 6531"),
    ],
)
def test_a_line_has_the_worst_reason_that_applies(
    texts: list[str], reason: Reason, words: str
) -> None:
    verdicts = Verdicts(RECEPTIONS, len(texts))

    last = [verdicts.on(ListLine(number, text)) for number, text in enumerate(texts, 1)][-1]

    assert last.reason is reason
    assert words in last.words
    assert bool(last.words) is (reason is not Reason.NOTHING)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_an_error_if_mail_would_not_arrive(reason: Reason) -> None:
    lost = reason is Reason.SYNTAX or reason in OF_DOMAINS - {Reason.UNKNOWN}

    assert (reason.severity is Severity.ERROR) is lost
    assert (reason.severity is Severity.OK) is (reason is Reason.NOTHING)
    assert (reason.severity is Severity.UNKNOWN) is (reason is Reason.UNKNOWN)


LIST = """email
Anna@good.example
anna+x@good.example
anna@Bücher.example
b@null.example
c@null.example
d@quiet.example
no address
info@good.example
ANNA@GOOD.example
"""


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [*csv.reader(stream)]


def test_each_line_gets_its_verdict_and_each_domain_one_question(
    server: Responder, tmp_path: Path
) -> None:
    source = list_file(written(tmp_path, LIST.encode()))
    path = tmp_path / "reports" / "list.csv"
    asking = Receptions([server.address], server.port)

    result = walk(source, ListQuestions(asking), path, Progress(), Severity.ERROR)

    assert rows(path) == [
        ["line", "address", "verdict", "reason"],
        ["2", "Anna@good.example", "ok", ""],
        [
            *("3", "anna+x@good.example", "warning"),
            "probably the mailbox of line 2, with another subaddress",
        ],
        ["4", "anna@Bücher.example", "ok", ""],
        ["5", "b@null.example", "error", "the domain receives no mail (null MX, RFC 7505)"],
        ["6", "c@null.example", "error", "the domain receives no mail (null MX, RFC 7505)"],
        ["7", "d@quiet.example", "unknown", "no answer from the DNS about the domain"],
        ["8", "no address", "error", "it has no @"],
        [
            *("9", "info@good.example", "warning"),
            "it is the address of a role, not of a person (RFC 2142)",
        ],
        ["10", "ANNA@GOOD.example", "warning", "the address of line 2"],
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["list.csv"]
    assert result.severities == {"error": 3, "unknown": 1, "warning": 3, "ok": 2}
    assert [(one.name, one.lines) for one in result.worst] == [
        ("null.example", 2),
        ("quiet.example", 1),
    ]
    assert result.domains == 4
    asked = [name for name, _ in server.asked]
    assert sorted({*asked}) == [
        *("good.example", "mx.example", "null.example", "xn--bcher-kva.example"),
    ]


class Stores:
    """Hosts of a stream, with the same answer about every recipient that each of them has."""

    def __init__(self, **recipients: str) -> None:
        self._recipients = recipients
        self.asked: list[tuple[str, int]] = []

    def run(self, name: str, _command: str, lines: Sequence[str], _limit: float) -> list[str]:
        request = json.loads(lines[0])
        self.asked.append((name, len(request["recipients"])))
        if name not in self._recipients:
            raise UnansweredError(f"{name} is not connected")
        own = self._recipients[name]
        found = {"kind": "hard", "since": 1_796_000_000, "reason": "550 5.1.1 User\x1bunknown"}
        return [json.dumps({one: found for one in request["recipients"] if one == own})]


def suppressed(stores: Stores, *names: str) -> ListQuestions:
    every = [SuppressionStore(stores, name, 5) for name in names]
    return ListQuestions(NOBODY.receptions, SuppressedRecipients(every))


def test_suppressed_recipients_are_named_by_all_hosts_of_the_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "AT_ONCE", 2)
    stores = Stores(mx1="anna@[192.0.2.1]", mx2="eva@[192.0.2.1]")
    text = b"Anna@[192.0.2.1]\nno address\notto@[192.0.2.1]\nanna@[192.0.2.1]\neva@[192.0.2.1]\n"
    source = list_file(written(tmp_path, text))
    path = tmp_path / "out.csv"

    result = walk(source, suppressed(stores, "mx1", "mx2"), path, Progress(), Severity.ERROR)

    assert result.counts[Reason.SUPPRESSED] == 3
    severities = " ".join(row[2] for row in rows(path)[1:])
    assert severities == "warning error warning warning warning"
    assert rows(path)[1][3] == (
        "suppressed at mx1 since 2026-11-30 (hard): 550 5.1.1 User\N{REPLACEMENT CHARACTER}unknown"
    )
    assert "an IP address in place" in rows(path)[3][3]
    assert "at mx2" in rows(path)[5][3]
    assert sorted(stores.asked) == [(name, count) for name in ("mx1", "mx2") for count in (1, 1, 2)]


def test_a_host_that_does_not_answer_ends_the_run_with_one_sentence(tmp_path: Path) -> None:
    source = list_file(written(tmp_path, b"anna@[192.0.2.1]\n"))

    with pytest.raises(MailError, match="verify_list: mx1 is not connected; without an inventory"):
        walk(source, suppressed(Stores(), "mx1"), tmp_path / "out", Progress(), Severity.ERROR)


class Shown(Progress):
    """The texts that a terminal would show."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def now(self, task: str, text: str) -> None:
        super().now(task, text)
        self.texts.append(text)


def test_a_bar_shows_how_far_each_pass_has_come(server: Responder, tmp_path: Path) -> None:
    names = [f"d{number}.example" for number in range(200)]
    server.answers = {(name, "A"): [a("192.0.2.1")] for name in names}
    text = "".join(f"anna@{name}\n" for name in names)
    source = list_file(written(tmp_path, text.encode()))
    shown = Shown()

    walk(
        source,
        ListQuestions(Receptions([server.address], server.port)),
        tmp_path / "out.csv",
        shown,
        Severity.ERROR,
    )

    assert "[##########----------] 100 of 200 domains asked about" in shown.texts
    assert "[####################] 200 of 200 domains asked about" in shown.texts
    assert "[##########----------] 100 of 200 lines judged" in shown.texts
    assert len(shown.texts) == 300  # a hundred for each pass


@pytest.mark.parametrize(
    ("counts", "headline"),
    [
        ({"SYNTAX": 1}, "Mail to 1 of 1 address would not arrive."),
        ({"SYNTAX": 1, "UNKNOWN": 1000}, "Mail to 1 of 1,001 addresses would not arrive."),
        ({"UNKNOWN": 1, "ROLE": 1}, "Mail to 1 of 2 addresses may not arrive."),
        ({"NOTHING": 1, "ROLE": 1}, "No address was found to which mail would not arrive."),
    ],
)
def test_the_headline_counts_what_would_not_arrive(counts: dict[str, int], headline: str) -> None:
    assert checked_list(**counts).headline == headline


def test_a_resolver_that_does_not_answer_is_named_with_its_remedy() -> None:
    silent = ListResult(**{**vars(checked_list(UNKNOWN=1)), "given_up": True})

    assert len(checked_list(UNKNOWN=1).notes) == 1
    assert "No resolver answered, so the run stopped asking" in silent.notes[1]
    assert checked_list(UNKNOWN=1).succeeded
    assert not silent.succeeded


def test_control_characters_of_a_list_are_not_repeated(tmp_path: Path) -> None:
    source = list_file(written(tmp_path, 'email,n\n"an\u009bna\n",1\n'.encode()))

    walk(source, NOBODY, tmp_path / "out.csv", Progress(), Severity.ERROR)

    assert rows(tmp_path / "out.csv")[1] == [
        "2",
        "an\N{REPLACEMENT CHARACTER}na",
        "error",
        "it has no @",
    ]


def test_a_result_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    source = list_file(written(tmp_path, b"anna\n"))
    folder = tmp_path / "folder"
    (folder / "list.csv").mkdir(parents=True)

    with pytest.raises(MailError, match="the result of the list cannot be written to "):
        walk(source, NOBODY, folder / "list.csv", Progress(), Severity.ERROR)

    assert [one.name for one in folder.iterdir()] == ["list.csv"]


@pytest.mark.parametrize(
    ("counts", "fails_at", "verdict", "succeeded"),
    [
        ({"NOTHING": 1}, "error", Verdict.PASSED, True),
        ({"NOTHING": 1, "ROLE": 1}, "error", Verdict.PASSED, True),
        ({"NOTHING": 1, "ROLE": 1}, "warning", Verdict.PASSED, False),
        ({"NOTHING": 1, "UNKNOWN": 1}, "error", Verdict.UNKNOWN, True),
        ({"NOTHING": 1, "UNKNOWN": 1}, "unknown", Verdict.UNKNOWN, False),
        ({"NOTHING": 9, "SYNTAX": 1}, "error", Verdict.FAILED, False),
    ],
)
def test_the_run_fails_for_a_verdict_as_severe_as_the_operator_says(
    counts: dict[str, int], fails_at: str, verdict: Verdict, *, succeeded: bool
) -> None:
    found = checked_list(**counts)

    assert found.verdict is verdict
    assert ListResult(**{**vars(found), "fails_at": Severity(fails_at)}).succeeded is succeeded


def test_the_page_has_counts_and_domains_and_the_name_of_a_file_is_no_markup() -> None:
    text = page.render(checked_list(NULL_MX=1500, NOTHING=2))

    assert "Mail to 1,500 of 1,502 addresses would not arrive." in text
    assert "<code>null.example</code></td><td>1,500</td>" in text
    assert "&lt;list&gt;.csv" in text
    assert "<list>" not in text
    assert "<script" not in text


@pytest.mark.parametrize("hosts", [["@fake/mx1"], ["@fake/mx1", "@fake/mx2"]])
def test_a_list_is_checked_once_for_all_hosts(
    hosts: list[str],
    server: Responder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    source = list_file(written(tmp_path, LIST.encode()))
    folder = Path("reports", "spring")
    check = ListCheck(source, (server.address,), folder, Severity.ERROR, server.port)
    quick = {"fake_delay": 0, "fake_delay_jitter": 0}
    state = State(Inventory(([(name, quick) for name in hosts], {})), Config())
    with ctx_state.use(state):
        connect_all(state)
        add_op(state, list_verification, check=check)
        with suppress(PyinfraError):
            run_ops(state)

    assert len(state.failed_hosts) == 1
    assert sorted(one.name for one in folder.iterdir()) == ["list.csv", "list.html"]
    assert stat.S_IMODE((folder / "list.html").stat().st_mode) == 0o600
    told = capsys.readouterr()
    assert told.err.count("Mail to 3 of 9 addresses would not arrive.") == 1
    assert "error           2  domain that receives no mail (null MX)" in told.err
    assert "List: reports/spring/list.html (and list.csv)" in told.err
    assert "anna" not in told.err.lower().replace(str(tmp_path), "")


def test_a_list_is_checked_without_an_inventory(run_in: RunIn, tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_text("anna\nanna@[192.0.2.1]\nAnna@[192.0.2.1]\n")
    data = ("--data", "verify_list=spring.csv", "--data", "verify_fail_on=error")

    done = run_in(tmp_path, (), ("@local", str(ROOT / "deploys" / "verify.py"), "-y", *data))

    assert done.returncode == 1
    assert "Mail to 1 of 3 addresses would not arrive." in done.stdout
    assert "Traceback" not in done.stdout
    assert [row[2] for row in rows(tmp_path / "reports/spring/list.csv")[1:]] == [
        *("error", "warning", "warning"),
    ]


def test_a_list_without_a_fault_succeeds(run_in: RunIn, tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_text("anna@[192.0.2.1]\n")
    data = ("--data", "verify_list=spring.csv")

    done = run_in(tmp_path, (), ("@local", str(ROOT / "deploys" / "verify.py"), "-y", *data))

    assert done.returncode == 0, done.stdout
    assert "No address was found to which mail would not arrive." in done.stdout


def test_a_wrong_list_is_told_before_anything_is_asked(run_in: RunIn, tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_bytes(b"anna@example.org\0")
    data = ("--data", "verify_list=spring.csv")

    done = run_in(tmp_path, (), ("@local", str(ROOT / "deploys" / "verify.py"), "-y", *data))

    assert done.returncode == 1
    assert "nothing was checked:" in done.stdout
    assert "verify_list: spring.csv is not text (it has the octet 0x00)" in done.stdout
    assert "Traceback" not in done.stdout
    assert "Starting operation" not in done.stdout


def test_with_an_inventory_a_list_is_checked_and_no_host_is(run_in: RunIn, tmp_path: Path) -> None:
    (tmp_path / "spring.csv").write_text("anna@[192.0.2.1]\n")
    inventory = str(written_inventory(tmp_path, mx1=SETTINGS))
    data = ("--data", "verify_list=spring.csv")

    done = run_in(tmp_path, (), (inventory, str(ROOT / "deploys" / "verify.py"), "-y", *data))

    assert done.returncode == 0, done.stdout
    assert "No address was found to which mail would not arrive." in done.stdout
    assert "Mail is delivered" not in done.stdout
    assert (tmp_path / "reports" / tmp_path.name / "list.csv").exists()
