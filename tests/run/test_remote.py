"""A remote command ends in time, and every failure is one sentence."""

import subprocess
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from paramiko import SSHException
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.config import Config
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.connectors.util import CommandOutput, OutputLine

from deploys.run import remote

COMMAND = StringCommand("cat")


@pytest.fixture(name="host")
def _host() -> Host:
    (host,) = State(Inventory((["@fake/mx1"], {})), Config()).inventory
    host.connected = True
    return host


def answering(
    host: Host, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any]
) -> dict[str, Any]:
    """Let a host answer so, and return what it is given."""
    given: dict[str, Any] = {}

    def run(command: StringCommand, **arguments: Any) -> Any:
        given.update(arguments, command=str(command))
        return answer()

    monkeypatch.setattr(host, "run_shell_command", run)
    return given


def output(*lines: tuple[str, str]) -> CommandOutput:
    return CommandOutput([OutputLine(buffer, line) for buffer, line in lines])


def test_a_command_gets_its_input_its_limit_and_the_arguments_of_its_operation(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [("stdout", line) for line in (remote.BEGIN, "a", "", remote.END)]
    given = answering(host, monkeypatch, lambda: (True, output(*lines, ("stderr", "b"))))
    arguments = remote.connector_arguments({"_sudo": True, "_if": None})

    assert remote.run(host, COMMAND, ["in"], 5, arguments) == ["a"]
    assert given == {
        "command": str(remote.marked(COMMAND)),
        "_sudo": True,
        "_stdin": ["in"],
        "_timeout": 5,
    }


def raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: (False, output(("stderr", "no such file"))), "the command failed: no such file"),
        (lambda: (False, output()), "the command failed: it gave no reason"),
        (lambda: (True, output(("stdout", "a"))), "the output of the command is incomplete"),
        (raising(TimeoutError()), "no answer within 0 s"),
        (raising(ConnectionResetError("reset")), "the connection failed: reset"),
        (raising(SSHException("channel closed")), "the connection failed: channel closed"),
        (raising(EOFError("end")), "the connection failed: end"),
        (lambda: gevent.sleep(60), "no answer within 0 s"),
    ],
)
def test_every_failure_is_one_sentence(
    host: Host, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any], sentence: str
) -> None:
    monkeypatch.setattr(remote, "OPENING", 0.05)
    answering(host, monkeypatch, answer)

    with pytest.raises(remote.RemoteError) as failed:
        remote.run(host, COMMAND, [], 0, {})

    assert str(failed.value) == sentence


def test_a_host_that_is_not_connected_is_not_asked(host: Host) -> None:
    host.connected = False

    with pytest.raises(remote.RemoteError, match="not connected"):
        remote.run(host, COMMAND, [], 5, {})


NOISE = (
    "",
    "echo Welcome",
    "printf 'no newline'",
    "stty -a 2>&1",
    'trap "echo Bye" EXIT',
    "echo Last login; trap 'printf Bye' EXIT",
)


@pytest.mark.parametrize("shell", NOISE)
@pytest.mark.parametrize("said", ["", "a\n", "a", "a\n\n", "\na\nb\n", "{}\nBye\n"])
def test_the_output_of_a_command_is_found_in_that_of_a_login_shell(
    host: Host, monkeypatch: pytest.MonkeyPatch, shell: str, said: str
) -> None:
    def answer() -> tuple[bool, CommandOutput]:
        done = subprocess.run(
            ("bash", "-c", f"{shell}\n{given['command']}"),
            capture_output=True,
            text=True,
            input="",
            check=False,
        )
        return True, output(*(("stdout", line) for line in done.stdout.splitlines()))

    given = answering(host, monkeypatch, answer)

    written = StringCommand("printf", "%s", QuoteString(said))
    assert remote.run(host, written, [], 5, {}) == said.splitlines()


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_of_a_marked_command_is_its_own(status: int) -> None:
    command = str(remote.marked(StringCommand(f"exit {status}")))

    assert subprocess.run(("sh", "-c", command), check=False).returncode == status
