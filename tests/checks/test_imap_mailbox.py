"""
A mailbox read by IMAP.

The server is a script of the few commands that are used, over a real TLS socket: no IMAP server is
among this project's packages. Its answers have the form that RFC 9051 gives them.
"""

import logging
import re
import shlex
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from deploys.checks.clients.endpoint import HomeMailbox
from deploys.checks.clients.message import TestMessage, new_run
from deploys.checks.core.world import Answer, UnansweredError, World
from deploys.checks.delivery.imap_mailbox import wait
from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import file
from deploys.mail.settings.verification import OutsideMailbox
from tests.checks.smtp_servers import certified
from tests.checks.worlds import Zone, world

IMAP = "imap.provider.example"
OURS = TestMessage("run-1", "postmaster@harbor.example", "someone@localhost").compose()
PRIVATE = b"Subject: private\r\n\r\nnobody's business\r\n"
READY = b"* OK ready\r\n"


class Server(ThreadingTCPServer):
    """Holds messages by UID, an account, what it can before and after a login, and what was asked.

    Like Dovecot, it says before a login only what is of use for one.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, greeting: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.greeting = greeting
        self.account = ["someone", "ahoy"]
        self.can = {False: b"AUTH=PLAIN", True: b"UIDPLUS"}
        self.folders = {"INBOX": {"4": PRIVATE, "7": OURS}}
        self.selected = "INBOX"
        self.fetched: list[str] = []
        self.deleted: set[str] = set()
        self.refusal = "NO [AUTHENTICATIONFAILED] {1} is wrong for {0}"

    @property
    def messages(self) -> dict[str, bytes]:
        """Messages of the folder that is open."""
        return self.folders[self.selected]

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class Session(StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.known = False
        self.wfile.write(self.server.greeting)
        for line in self.rfile:
            flags_kept = re.sub(r"\\(?=[A-Z])", r"\\\\", line.decode())
            tag, command, *words = shlex.split(flags_kept)
            untagged, status = self.answer(command.upper(), words)
            self.wfile.write(untagged + f"{tag} {status} done\r\n".encode())

    def answer(self, command: str, words: list[str]) -> tuple[bytes, str]:
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1 " + self.server.can[self.known] + b"\r\n", "OK"
        if command in ("LOGIN", "AUTHENTICATE"):
            return self.met(words if command == "LOGIN" else self.greetings())
        if command == "SELECT":
            if words[0] not in self.server.folders:
                return b"", "NO no such folder"
            self.server.selected = words[0]
            return b"* 2 EXISTS\r\n", "OK"
        if command != "UID":
            return b"", "OK"
        return self.by_uid(*words), "OK"

    def greetings(self) -> list[str]:
        self.wfile.write(b"+ \r\n")
        _, *words = b64decode(self.rfile.readline()).decode().split("\0")
        return words

    def met(self, words: list[str]) -> tuple[bytes, str]:
        self.known = words == self.server.account
        refusal = self.server.refusal.format(*words)
        return b"", "OK" if self.known else refusal

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
def serving(folder: Path, greeting: bytes = READY) -> Iterator[Server]:
    with Server(certified(folder, IMAP), greeting) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(name="here")
def _here(tmp_path: Path) -> World:
    # At the first address nobody listens.
    known = Zone({(IMAP, "A"): [Answer("a", ("127.0.0.2", "127.0.0.1"))]})
    certified(tmp_path, IMAP)
    return replace(world(tmp_path, timeout=2, patience=0.1), names=known)


def box(here: Path, port: int, word: str = "ahoy", **own: str) -> OutsideMailbox:
    (here / "password").write_text(word)
    data = {
        "address": "someone@provider.example",
        "imap": IMAP,
        "login": "someone",
        "password": file(here / "password"),
        "port": port,
        "ca_file": str(here / "mx1.pem"),
    }
    return OutsideMailbox.model_validate({**data, **own})


def port_of(server: Server) -> int:
    return int(server.server_address[1])


def test_a_message_is_read_and_removed_and_no_other_is_fetched(tmp_path: Path, here: World) -> None:
    with serving(tmp_path) as server:
        received = wait(here, box(tmp_path, port_of(server)), ["run-1", "run-2"])

    assert set(received) == {"run-1"}
    assert received["run-1"].raw == OURS
    assert server.fetched == ["7"]
    assert server.messages == {"4": PRIVATE}


def test_a_mailbox_of_a_host_that_judges_is_searched_in_junk_too(
    tmp_path: Path, here: World
) -> None:
    with serving(tmp_path) as server:
        server.folders = {"INBOX": {"4": PRIVATE}, "Junk": {"7": OURS}}
        own = vars(box(tmp_path, port_of(server))) | {"ca_file": ""}
        home = HomeMailbox(**own, inventory_name="mx1", at=("127.0.0.1",))
        received = wait(here, home, ["run-1"])

    assert {id_: one.folder for id_, one in received.items()} == {"run-1": "Junk"}
    assert server.folders == {"INBOX": {"4": PRIVATE}, "Junk": {}}


def test_without_uidplus_a_message_stays_marked_as_deleted(tmp_path: Path, here: World) -> None:
    with serving(tmp_path) as server:
        server.can[True] = b"IDLE"
        received = wait(here, box(tmp_path, port_of(server)), ["run-1"])

    assert set(received) == {"run-1"}
    assert set(server.messages) == {"4", "7"}
    assert server.deleted == {"7"}


@pytest.mark.parametrize(
    ("can", "login", "password"),
    [
        (b"AUTH=PLAIN", "some one", 'ahöy " {0}'),
        (b"AUTH=PLAIN LOGINDISABLED", "someone", "ahoy"),
        (b"AUTH=XOAUTH2", "some one", 'a"h(o%y'),
    ],
)
def test_any_login_and_password_are_sent_unchanged(
    tmp_path: Path, here: World, can: bytes, login: str, password: str
) -> None:
    with serving(tmp_path) as server:
        server.can[False], server.account = can, [login, password]
        received = wait(here, box(tmp_path, port_of(server), password, login=login), ["run-1"])

    assert set(received) == {"run-1"}


@pytest.mark.parametrize("can", [b"AUTH=PLAIN", b""])
@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ("NO [AUTHENTICATIONFAILED] {1} is wrong for {0}", "the login is refused"),
        ("BAD {1}", "the login is refused"),
        ("{1} {0}\r\n{1}", "the server closed the connection at the login, or does not speak IMAP"),
    ],
)
def test_no_answer_to_a_wrong_password_is_shown(
    tmp_path: Path, here: World, can: bytes, refusal: str, expected: str
) -> None:
    with serving(tmp_path) as server:
        server.can[False], server.refusal = can, refusal
        with pytest.raises(UnansweredError, match=expected) as problem:
            wait(here, box(tmp_path, port_of(server), "wrong-secret"), ["run-1"])

    assert "wrong-secret" not in str(problem.value)


def test_a_password_is_in_no_debug_log(
    tmp_path: Path, here: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(tmp_path) as server, pytest.raises(UnansweredError):
        wait(here, box(tmp_path, port_of(server), "wrong-secret"), ["run-1"])

    assert "wrong-secret" not in caplog.text


def test_a_password_that_an_old_server_cannot_take_is_not_shown(
    tmp_path: Path, here: World
) -> None:
    with serving(tmp_path) as server:
        server.can[False] = b""
        with pytest.raises(UnansweredError) as problem:
            wait(here, box(tmp_path, port_of(server), "ahöy"), ["run-1"])

    assert str(problem.value).endswith(
        "the login is refused; correct login and password in verify_mailboxes"
    )


def test_a_missing_folder_is_reported_with_the_servers_reply(tmp_path: Path, here: World) -> None:
    expected = (
        f"someone@provider.example at {IMAP}: the folder Spam cannot be opened: no such folder done"
    )
    with serving(tmp_path) as server, pytest.raises(UnansweredError, match=expected):
        wait(here, box(tmp_path, port_of(server), folder="Spam"), ["run-1"])


@pytest.mark.parametrize("greeting", [b"", b"\xff" * 99 + b"\r\n", b"* BYE busy\r\n"])
def test_a_server_that_does_not_speak_imap_is_unanswered(
    tmp_path: Path, here: World, greeting: bytes
) -> None:
    with serving(tmp_path, greeting) as server, pytest.raises(UnansweredError):
        wait(here, box(tmp_path, port_of(server)), ["run-1"])


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"ca_file": ""}, "CERTIFICATE_VERIFY_FAILED"),
        ({"imap": "127.0.0.1"}, "IP address mismatch"),
    ],
)
def test_an_unknown_authority_or_another_name_is_not_trusted(
    tmp_path: Path, here: World, own: dict[str, str], expected: str
) -> None:
    with serving(tmp_path) as server, pytest.raises(UnansweredError, match=expected):
        wait(here, box(tmp_path, port_of(server), **own), ["run-1"])


def test_a_closed_imap_port_is_unanswered(tmp_path: Path, here: World) -> None:
    with pytest.raises(UnansweredError, match=f"{IMAP} port 1 could not be asked"):
        wait(here, box(tmp_path, 1), ["run-1"])


def test_a_server_without_an_address_is_unanswered(tmp_path: Path, here: World) -> None:
    with pytest.raises(UnansweredError, match=r"nowhere\.example has no address"):
        wait(here, box(tmp_path, 1, imap="nowhere.example"), ["run-1"])


def test_authorities_that_cannot_be_read_are_a_mistake_of_the_inventory() -> None:
    mailbox = {"address": "a@b.example", "imap": "b.example", "login": "a", "ca_file": "/nowhere"}

    with pytest.raises(MailError, match=r"mailboxes\.0\.ca_file: '/nowhere' cannot be read"):
        fleet_from({"mx1": {"verify_mailboxes": [mailbox]}}, {})


def test_a_password_in_the_inventory_is_refused_and_not_shown() -> None:
    mailbox = {"address": "a@b.example", "imap": "b.example", "login": "a", "password": "hunter2"}

    with pytest.raises(MailError) as problem:
        fleet_from({"mx1": {"verify_mailboxes": [mailbox]}}, {})

    assert "verify_mailboxes.0.password" in str(problem.value)
    assert "hunter2" not in str(problem.value)


def test_what_an_interrupted_run_has_left_is_removed_an_hour_later(
    tmp_path: Path, here: World
) -> None:
    names = ["65000000c0ffee-1", f"{new_run()}-1"]  # of September 2023, and of now
    old, recent = (TestMessage(name, "a@harbor.example", "b@localhost").compose() for name in names)
    with serving(tmp_path) as server:
        server.folders["INBOX"] |= {"8": old, "9": recent}
        wait(here, box(tmp_path, port_of(server)), ["run-1"])

        assert server.messages == {"4": PRIVATE, "9": recent}
