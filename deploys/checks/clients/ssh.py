"""
Remote commands by way of pyinfra, each with an end.

pyinfra's own timeout begins when a command's channel is open. Opening one to a hung sshd can take
an hour, so a second, slightly longer timeout goes around the whole.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gevent
from paramiko import SSHException
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS
from pyinfra.api.command import StringCommand
from pyinfra.api.host import Host
from pyinfra.api.state import State

from ..core.world import UnansweredError

_OPENING = 5.0


class PyinfraHosts:
    """The connected hosts of a run, spoken to as one operation speaks to them."""

    def __init__(self, state: State, op_hash: str) -> None:
        self._hosts = {host.name: host for host in state.inventory}
        self._arguments = {
            host.name: _connector_arguments(operations[op_hash].global_arguments)
            for host, operations in state.ops.items()
            if op_hash in operations
        }

    def run(self, name: str, command: str, lines: Sequence[str], limit: float) -> list[str]:
        """Return the command's output, given these lines as input; raise UnansweredError."""
        host = self._hosts[name]
        if not host.connected or name not in self._arguments:
            raise UnansweredError(f"{name} is not connected")
        try:
            with gevent.Timeout(limit + _OPENING, exception=TimeoutError):
                arguments = {**self._arguments[name], "_timeout": int(limit), "_stdin": list(lines)}
                return _output(host, command, arguments)
        except TimeoutError as error:
            raise UnansweredError(f"{name} did not answer within {limit:g} s") from error
        except (OSError, EOFError, SSHException) as error:
            raise UnansweredError(f"{name} could not be asked: {error}") from error


def _output(host: Host, command: str, arguments: Mapping[str, Any]) -> list[str]:
    succeeded, output = host.run_shell_command(StringCommand(command), **arguments)
    if not succeeded:
        reason = " ".join(output.stderr_lines).strip() or "it gave no reason"
        raise UnansweredError(f"a command failed on {host.name}: {reason}")
    return output.stdout_lines


def _connector_arguments(arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - a TypedDict of pyinfra
    return {key: arguments[key] for key in CONNECTOR_ARGUMENT_KEYS if key in arguments}
