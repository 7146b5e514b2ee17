"""Dialogues in lines, as with IMAP and LMTP: right answers, and a sentence about any other."""

import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploys.host.agent.services.dialogue import ask
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Dialogue, Step

GREETING, TAGGED = r"^\* ", r"^1 "


class Reader(socketserver.StreamRequestHandler):
    """Speaks a little IMAP; `sesame` is the password."""

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            if b"LOGIN" in line:
                self.wfile.write(b"1 OK in\r\n" if b"sesame" in line else b"1 NO wrong\r\n")
            elif b"SELECT" in line:
                self.wfile.write(b"* 2 EXISTS\r\n1 OK selected\r\n")
            else:
                return


@pytest.fixture(params=["port", "socket"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A server at a port, or at a UNIX socket."""
    at_port = request.param == "port"
    place = ("127.0.0.1", 0) if at_port else str(tmp_path / "lmtp")
    kind = socketserver.ThreadingTCPServer if at_port else socketserver.ThreadingUnixStreamServer
    with kind(place, Reader) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address if at_port else (str(tmp_path / "lmtp"), 0)  # type: ignore[misc]
        server.shutdown()
        thread.join()


def held(target: tuple[str, int], *steps: Step, password: str = "") -> None:
    where, port = target
    question = Dialogue(
        "mailbox", "look", (Step(expect=r"^\* OK", ends=GREETING), *steps), where, port
    )
    ask("preflight", question, time.monotonic(), password=password)


def test_right_answers_are_accepted(target: tuple[str, int]) -> None:
    held(
        target,
        Step('1 LOGIN anna "PASSWORD"', "^1 OK", ends=TAGGED),
        Step("1 SELECT INBOX", r"2 EXISTS.*\n1 OK", ends=TAGGED),
        password="sesame",
    )


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            Step('1 LOGIN anna "PASSWORD"', "^1 OK", ends=TAGGED),
            r"""^mailbox: '1 LOGIN anna "PASSWORD"' was answered '1 NO wrong'; look$""",
        ),
        (
            Step("1 LOGOUT", "^1 OK", ends=TAGGED),
            r"^mailbox: '1 LOGOUT' was answered 'nothing'; look$",
        ),
    ],
)
def test_another_answer_is_refused_and_shows_no_password(
    target: tuple[str, int], step: Step, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        held(target, step, password="opened")


def test_a_socket_without_a_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^mailbox: .*/nobody does not answer"):
        held((str(tmp_path / "nobody"), 0))
