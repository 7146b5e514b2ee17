"""The running handler: LMTP and lookups at its sockets, and a kill at the worst moment."""

import asyncio
import json
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from deploys.host.bulk.event import BulkEvent, SuppressionRules
from deploys.host.bulk.inbox import Inbox, Stream
from deploys.host.bulk.lmtp import BounceHandler, session
from deploys.host.bulk.notebook import Notebook
from deploys.host.bulk.program import configuration
from deploys.host.bulk.store import SqliteConnection, SqlStore
from deploys.mail.unsubscribe import Unsubscription
from deploys.mail.verp import day_number
from tests.host.bulk import samples

ROOT = Path(__file__).parents[3]
ANNA = samples.ANNA
STREAM = Stream("bounces.example.org", "a secret of thirty-two characters")
UNKNOWN = "550 5.1.1 User unknown"


def verp(recipient: str = ANNA) -> str:
    return STREAM.verp.address(recipient, day_number(time.time()))


def bounce(recipient: str = ANNA, message: str = "1") -> bytes:
    raw = samples.postfix("5.1.1", UNKNOWN, recipient=recipient, verp=verp(recipient))
    return raw.replace(b"20261130010000", message.encode())


class Program:
    """The handler as a process, with its files in a directory."""

    def __init__(self, directory: Path, **changes: Any) -> None:
        self.directory = directory
        self.database = directory / "bulk.sqlite"
        self._process: subprocess.Popen[bytes] | None = None
        values = {
            "domain": STREAM.domain,
            "hostname": "mx1.example.org",
            "sockets": str(directory),
            "state": str(directory),
            "digests": False,
            "one_click": str(directory / "one-click.sock"),
            "shared": False,
            "rules": {"soft_bounces": 5, "soft_days": 30, "soft_expiry_days": 90},
        }
        (directory / "handler.json").write_text(json.dumps(values | changes))
        (directory / "secret").write_text(STREAM.secret)

    def start(self) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "deploys.host.bulk", self.directory / "handler.json"),
            cwd=ROOT,
        )
        for _ in range(1000):
            assert self._process.poll() is None
            with suppress(OSError), closing(socket.socket(socket.AF_UNIX)) as client:
                client.connect(str(self.directory / "maps.sock"))
                return
            time.sleep(0.02)
        raise AssertionError("the handler does not start")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def lmtp(self) -> smtplib.LMTP:
        return smtplib.LMTP(str(self.directory / "lmtp.sock"))

    def send(self, raw: bytes, *recipients: str) -> dict[str, tuple[int, bytes]]:
        with self.lmtp() as client:
            return client.sendmail("", recipients or (verp(),), raw.replace(b"\n", b"\r\n"))

    def events(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.database)) as other:
            return list(other.execute("SELECT kind, recipient FROM event ORDER BY id"))

    def logged(self) -> list[dict[str, Any]]:
        """Return the event log, once it is complete."""
        path = self.directory / "events.jsonl"
        for _ in range(500):
            lines = path.read_text().splitlines() if path.exists() else []
            if len(lines) >= len(self.events()):
                break
            time.sleep(0.02)
        return [json.loads(line) for line in lines]

    def lookup(self, request: str, *, octets: bytes = b"") -> str:
        text = request.encode()
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(20)
            client.connect(str(self.directory / "maps.sock"))
            client.sendall(octets or b"%d:%b," % (len(text), text))
            with client.makefile("rb") as stream:
                length = int((b"".join(iter(lambda: stream.read(1), b":")) or b"0").decode())
                return stream.read(length).decode()

    def suppressions(self, **request: Any) -> Any:
        done = subprocess.run(
            (
                sys.executable,
                "-m",
                "deploys.host.bulk.suppressions",
                f"{self.directory}/handler.json",
            ),
            cwd=ROOT,
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def started(**changes: Any) -> Iterator[Program]:
    with TemporaryDirectory(prefix="bulk") as directory:  # the path of a socket is short
        program = Program(Path(directory), **changes)
        program.start()
        yield program
        program.kill()


@pytest.fixture
def program() -> Iterator[Program]:
    yield from started()


def test_a_bounce_is_noted_logged_and_suppresses_its_recipient(program: Program) -> None:
    assert program.lookup(f"suppression {ANNA}") == "NOTFOUND "

    program.send(bounce())

    assert program.events() == [("hard", ANNA)]
    assert [(one["kind"], one["status"]) for one in program.logged()] == [("hard", "5.1.1")]
    day = time.strftime("%Y-%m-%d", time.gmtime())
    refusal = f"OK 550 5.7.1 Suppressed since {day} (hard bounce): {UNKNOWN}"
    for key in (ANNA, ANNA.upper()):
        assert program.lookup(f"suppression {key}") == refusal
    for key in ("example.net", "anna@", "otto@example.net"):
        assert program.lookup(f"suppression {key}") == "NOTFOUND "


def test_each_recipient_of_a_session_has_its_answer(program: Program) -> None:
    forged = f"anna=example.net+{'a' * 20}@bounces.example.org"
    with program.lmtp() as client:
        client.ehlo()
        assert client.mail("")[0] == 250
        assert client.rcpt(forged) == (550, b"5.1.1 the token is forged")
        assert client.rcpt("anybody@bounces.example.org")[0] == 550
        assert client.rcpt(verp())[0] == 250
        assert client.rcpt(verp("otto@example.net"))[0] == 250
        assert client.data(bounce().replace(b"\n", b"\r\n")) == (250, b"2.0.0 Noted: hard")
        assert client.getreply() == (250, b"2.0.0 Noted: hard")
    assert program.events() == [("hard", ANNA), ("hard", "otto@example.net")]


@pytest.mark.parametrize(
    "raw",
    [
        samples.simple("Auto-Submitted: auto-replied"),
        samples.postfix("4.4.1", "x", action="delayed"),
    ],
    ids=["reply", "delay"],
)
def test_other_mail_is_taken_and_noted_nowhere(program: Program, raw: bytes) -> None:
    assert program.send(raw) == {}
    assert program.events() == []


def test_a_message_of_50_mb_is_taken_and_the_next_too(program: Program) -> None:
    line = b"x" * 900 + b"\n"
    program.send(bounce() + line * 55_000)
    program.send(bounce("otto@example.net"), verp("otto@example.net"))

    assert program.events() == [("hard", ANNA), ("hard", "otto@example.net")]


@pytest.mark.parametrize(
    ("local", "raw", "kind"),
    [
        ("complaints", samples.arf(sender=verp()), "complaint"),
        (
            "unsubscribe",
            samples.simple(subject=STREAM.tokens.token(Unsubscription(ANNA, "news"))),
            "unsubscribe",
        ),
    ],
)
def test_complaints_and_requests_have_addresses_of_their_own(
    program: Program, local: str, raw: bytes, kind: str
) -> None:
    program.send(raw, f"{local}@bounces.example.org")

    assert program.events() == [(kind, ANNA)]
    assert f"({kind}" in program.lookup(f"suppression {ANNA}")


def test_the_addresses_of_the_domain_can_be_asked_for(program: Program) -> None:
    assert program.lookup(f"recipients {verp()}") == "OK OK"
    assert program.lookup("recipients complaints@bounces.example.org") == "OK OK"
    assert program.lookup("recipients anybody@bounces.example.org") == "NOTFOUND "
    assert program.lookup("nothing x").startswith("PERM")


@pytest.mark.parametrize("octets", [b"hello\n", b"99999999:", b"3:abcd", b":", b"5:ab"])
def test_a_client_that_speaks_no_netstrings_harms_nobody(program: Program, octets: bytes) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(program.directory / "maps.sock"))
        client.sendall(octets)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert program.lookup(f"suppression {ANNA}") == "NOTFOUND "


def test_a_kill_between_reading_and_noting_counts_a_bounce_once(program: Program) -> None:
    raw, lock = bounce(), sqlite3.connect(program.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")  # the handler reads the message, and cannot note it
    with program.lmtp() as client:
        client.ehlo()
        client.mail("")
        client.rcpt(verp())
        client.putcmd("data")
        client.getreply()
        client.send(raw.replace(b"\n", b"\r\n") + b".\r\n")
        time.sleep(0.3)
        program.kill()
        with suppress(OSError, smtplib.SMTPException):
            code, _ = client.getreply()
            assert code == -1
        client.close()
    lock.execute("ROLLBACK")
    assert program.events() == []

    program.start()
    for _ in range(3):  # Postfix has had no answer; a lost answer would look the same
        program.send(raw)
    assert program.events() == [("hard", ANNA)]
    assert len(program.logged()) == 1


def test_while_the_store_is_away_mail_waits(program: Program) -> None:
    lock = sqlite3.connect(program.database, isolation_level=None)
    lock.execute("DROP TABLE event")

    with pytest.raises(smtplib.SMTPDataError) as refusal:
        program.send(bounce())
    assert refusal.value.smtp_code == 451

    lock.execute("DROP TABLE suppression")
    assert program.lookup(f"suppression {ANNA}").startswith("TEMP the store cannot be used")


def test_without_its_event_log_the_handler_notes_bounces(program: Program) -> None:
    program.send(bounce())
    assert len(program.logged()) == 1
    (program.directory / "events.jsonl").unlink()
    (program.directory / "events.jsonl").mkdir()  # the event log cannot be written

    assert program.send(bounce("otto@example.net"), verp("otto@example.net")) == {}
    assert len(program.events()) == 2


def answers(program: Program, *requests: dict[str, Any]) -> Sequence[Any]:
    return [program.suppressions(**request) for request in requests]


@pytest.mark.parametrize("digests", [False, True])
def test_a_bounce_of_a_test_suppresses_and_counts_nowhere(*, digests: bool) -> None:
    recipient = f"bounce-test-1@{STREAM.domain}"
    for program in started(digests=digests):
        program.send(bounce(recipient), verp(recipient))
        assert program.lookup(f"suppression {recipient}").startswith("OK 550 5.7.1")
        program.suppressions(verb="remove", recipients=[recipient], reason="a test")

        assert program.lookup(f"suppression {recipient}") == "NOTFOUND "
        program.send(bounce())
        assert [one["kind"] for one in program.logged()] == ["hard"]
        assert len(program.events()) == 1


def test_the_operator_finds_puts_and_removes_suppressions(program: Program) -> None:
    program.send(bounce())
    put = {"verb": "put", "rows": [{"recipient": "Otto@Example.net", "reason": "old list"}]}
    asked = {"verb": "find", "recipients": [ANNA, "OTTO@example.net", "x@example.net"]}
    gone = {"verb": "remove", "recipients": [ANNA, "x@example.net"], "reason": "by phone"}

    count, found, removed, rows = answers(program, put, asked, gone, {"verb": "list"})

    assert (count, removed) == (1, 1)
    assert [row["kind"] for row in found.values()] == ["hard", "manual"]
    assert [(row["recipient"], row["reason"]) for row in rows] == [("otto@example.net", "old list")]
    assert program.lookup(f"suppression {ANNA}") == "NOTFOUND "
    assert "(by the operator): old list" in program.lookup("suppression otto@example.net")
    assert program.events()[-1] == ("removed", ANNA)


def test_with_digests_no_address_is_kept_and_an_export_can_be_imported() -> None:
    for program in started(digests=True):
        program.send(bounce())
        (row,) = program.suppressions(verb="list")
        assert row["recipient"] == Stream(STREAM.domain, STREAM.secret, digests=True).kept(ANNA)
        assert "hard bounce" in program.lookup(f"suppression {ANNA}")

        program.suppressions(verb="remove", recipients=[ANNA], reason="by phone")
        assert program.lookup(f"suppression {ANNA}") == "NOTFOUND "
        program.suppressions(verb="put", rows=[row])
        assert "hard bounce" in program.lookup(f"suppression {ANNA}")
        assert b"anna" not in program.database.read_bytes()
        assert "anna" not in json.dumps(program.logged())


def test_a_store_that_cannot_be_used_is_told_in_one_sentence(program: Program) -> None:
    program.kill()
    program.database.unlink()
    program.database.mkdir()

    assert program.suppressions(verb="list").startswith("the store cannot be used: unable to open")


class Broken(Inbox):
    """An inbox with an error that nobody has thought of."""

    def event(self, raw: bytes, recipient: str, now: int) -> BulkEvent:
        raise ZeroDivisionError(len(raw), recipient, now)


def test_an_error_of_the_program_itself_keeps_the_message_in_the_queue(tmp_path: Path) -> None:
    store = SqlStore(SqliteConnection(tmp_path / "bulk.sqlite"), SuppressionRules(), "mx1")

    async def answer() -> str:
        handler = BounceHandler(Broken(STREAM), Notebook(store, told=False))
        loop, path = asyncio.get_running_loop(), str(tmp_path / "lmtp")
        server = await loop.create_unix_server(partial(session, handler, "mx1"), path)
        async with server:
            return await asyncio.to_thread(refusal, path)

    def refusal(path: str) -> str:
        with smtplib.LMTP(path) as client, pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("", [verp()], b"Subject: x\r\n\r\n")
        return f"{refused.value.smtp_code}"

    assert asyncio.run(answer()) == "451"


@pytest.mark.parametrize(("alone", "database"), [(False, "postgresql://db/bulk"), (True, "")])
def test_in_a_preflight_without_network_a_file_takes_the_place_of_the_database(
    tmp_path: Path, *, alone: bool, database: str
) -> None:
    Program(tmp_path, shared=True)
    (tmp_path / "database").write_text("postgresql://db/bulk")

    assert configuration(tmp_path / "handler.json", alone=alone).database == database
