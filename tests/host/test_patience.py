"""A wait lasts while a service shows signs of life, and at most as long as the operator says."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from deploys.host.agent.services.dialogue import ask
from deploys.host.agent.system import patience
from deploys.host.agent.system.patience import Patience, watched
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Dialogue, Step

UNIT = "a.service"
WORK = {"computes": "while True: pass", "sleeps": "import time; time.sleep(60)"}


@pytest.fixture(autouse=True)
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A unit with one process, which computes or sleeps; silence and the bound are short."""
    monkeypatch.setattr(patience, "SILENCE", 0.5)
    monkeypatch.setattr(patience, "_bound", 2.0)
    program = (sys.executable, "-c", WORK[getattr(request, "param", "sleeps")])
    with subprocess.Popen(program) as process:
        monkeypatch.setattr(patience, "unit_of", lambda pid: UNIT if pid == process.pid else "")
        yield
        process.kill()


def end() -> str:
    wait = Patience(UNIT)
    while not (why := wait.end()):
        time.sleep(0.02)
    return why


@pytest.mark.parametrize(
    ("service", "why"),
    [("computes", "waited 2 s (mail_patience)"), ("sleeps", "no sign of life for 0.5 s")],
    indirect=["service"],
)
def test_a_wait_ends_without_a_sign_of_life_or_at_the_operators_bound(
    service: None, why: str
) -> None:
    assert service is None
    assert end() == why


def test_what_a_block_waits_for_is_interrupted() -> None:
    one, other = socket.socketpair()
    with one, other, pytest.raises(TimeoutError, match="no sign of life"), watched(Patience(UNIT)):
        one.recv(1)


def test_a_server_that_listens_and_never_answers_is_refused_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        question = Dialogue(
            "greeting", "look", (Step("EHLO", "^250"),), port=server.getsockname()[1]
        )

        with pytest.raises(
            Refused, match=r"does not answer \(.*no sign of life for 0\.5 s\); look"
        ):
            ask("probe", question, unit=UNIT)
