"""A remote command ends in time, and every failure is one sentence."""

from collections.abc import Callable
from typing import Any

import gevent
import pytest
from paramiko import SSHException
from pyinfra.api.command import StringCommand
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
    given = answering(host, monkeypatch, lambda: (True, output(("stdout", "a"), ("stderr", "b"))))
    arguments = remote.connector_arguments({"_sudo": True, "_if": None})

    assert remote.run(host, COMMAND, ["in"], 5, arguments) == ["a"]
    assert given == {"command": "cat", "_sudo": True, "_stdin": ["in"], "_timeout": 5}


def raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: (False, output(("stderr", "no such file"))), "the command failed: no such file"),
        (lambda: (False, output()), "the command failed: it gave no reason"),
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
