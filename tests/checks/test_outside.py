"""
A mailbox read by IMAP.

The server is a script of the few commands that are used, over a real TLS socket: no IMAP server is
among this project's packages. Its answers have the form that RFC 9051 gives them.
"""

import shlex
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from deploys.checks.delivery.message import TestMessage
from deploys.checks.delivery.outside import wait
from deploys.checks.world import UnansweredError, World
from deploys.mail.checking import fleet_from
from deploys.mail.errors import MailError
from deploys.mail.secret import file
from deploys.mail.verification import OutsideMailbox
from tests.checks.servers import certified
from tests.checks.worlds import world

OURS = TestMessage("run-1", "postmaster@harbor.example", "someone@localhost").compose()
PRIVATE = b"Subject: private\r\n\r\nnobody's business\r\n"


class Server(ThreadingTCPServer):
    """Holds messages by UID, and what was asked for."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, greeting: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.greeting = greeting
        self.messages = {"4": PRIVATE, "7": OURS}
        self.fetched: list[str] = []
        self.deleted: set[str] = set()

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class Session(StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.wfile.write(self.server.greeting)
        for line in self.rfile:
            tag, command, *words = shlex.split(line.decode().replace("\\", "\\\\"))
            untagged, status = self.answer(command.upper(), words)
            self.wfile.write(untagged + f"{tag} {status} done\r\n".encode())

    def answer(self, command: str, words: list[str]) -> tuple[bytes, str]:
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n", "OK"
        if command == "LOGIN" and words[1] != "ahoy":
            return b"", f"NO [AUTHENTICATIONFAILED] {words[1]} is wrong"
        if command == "SELECT":
            return b"* 2 EXISTS\r\n", "OK" if words == ["INBOX"] else "NO no such folder"
        if command != "UID":
            return b"", "OK"
        return self.by_uid(*words), "OK"

    def by_uid(self, command: str, *words: str) -> bytes:
        server = self.server
        if command == "SEARCH":
            wanted = f"{words[1]}: {words[2]}".encode()
            found = [uid for uid, raw in server.messages.items() if wanted in raw]
            return f"* SEARCH {' '.join(found)}\r\n".encode()
        if command == "FETCH":
            server.fetched.append(words[0])
            raw = server.messages[words[0]].replace(b"\n", b"\r\n")
            head = f"* 1 FETCH (UID {words[0]} BODY[] {{{len(raw)}}}\r\n".encode()
            return head + raw + b")\r\n"
        if command == "STORE":
            server.deleted.add(words[0])
        elif words[0] in server.deleted:
            del server.messages[words[0]]
        return b""


@contextmanager
def serving(folder: Path, greeting: bytes = b"* OK ready\r\n") -> Iterator[Server]:
    with Server(certified(folder, "localhost"), greeting) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(name="here")
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    certified(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mx1.pem"))
    return world(tmp_path, timeout=2, patience=0.1)


def box(folder: Path, port: int, word: str = "ahoy", inbox: str = "INBOX") -> OutsideMailbox:
    (folder / "password").write_text(word)
    return OutsideMailbox(
        address="someone@provider.example",
        imap="localhost",
        login="someone",
        password=file(folder / "password"),
        port=port,
        folder=inbox,
    )


def port_of(server: Server) -> int:
    return int(server.server_address[1])


def test_a_message_is_read_and_removed_and_no_other_is_looked_at(
    tmp_path: Path, here: World
) -> None:
    with serving(tmp_path) as server:
        received = wait(here, box(tmp_path, port_of(server)), ["run-1", "run-2"])

    assert set(received) == {"run-1"}
    assert received["run-1"].raw == OURS
    assert server.fetched == ["7"]
    assert server.messages == {"4": PRIVATE}


@pytest.mark.parametrize(
    ("password", "inbox", "expected"),
    [("wrong-secret", "INBOX", "the login is refused"), ("ahoy", "Spam", "no such folder")],
)
def test_a_mailbox_that_does_not_open_is_one_sentence_without_the_secret(
    tmp_path: Path, here: World, password: str, inbox: str, expected: str
) -> None:
    with (
        serving(tmp_path) as server,
        pytest.raises(UnansweredError, match=expected) as problem,
    ):
        wait(here, box(tmp_path, port_of(server), password, inbox), ["run-1"])

    assert "wrong-secret" not in str(problem.value)


@pytest.mark.parametrize("greeting", [b"", b"\xff" * 99 + b"\r\n", b"* BYE busy\r\n"])
def test_a_server_that_does_not_speak_imap_is_unanswered(
    tmp_path: Path, here: World, greeting: bytes
) -> None:
    with serving(tmp_path, greeting) as server, pytest.raises(UnansweredError):
        wait(here, box(tmp_path, port_of(server)), ["run-1"])


def test_a_certificate_of_nobody_is_not_trusted(
    tmp_path: Path, here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as server:
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(UnansweredError, match="CERTIFICATE_VERIFY_FAILED"):
            wait(here, box(tmp_path, port_of(server)), ["run-1"])


def test_a_server_that_is_not_there_is_unanswered(tmp_path: Path, here: World) -> None:
    with pytest.raises(UnansweredError, match="localhost port 1 could not be asked"):
        wait(here, box(tmp_path, 1), ["run-1"])


def test_a_password_in_the_inventory_is_refused_and_not_shown() -> None:
    mailbox = {"address": "a@b.example", "imap": "b.example", "login": "a", "password": "hunter2"}

    with pytest.raises(MailError) as problem:
        fleet_from({"mx1": {"verify_mailboxes": [mailbox]}}, {})

    assert "verify_mailboxes.0.password" in str(problem.value)
    assert "hunter2" not in str(problem.value)
