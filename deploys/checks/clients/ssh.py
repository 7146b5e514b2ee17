"""Remote commands of the checks, on the connected hosts of a pyinfra run."""

from collections.abc import Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.state import State

from ...run.remote import RemoteError, connector_arguments, run
from ..core.world import UnansweredError


class PyinfraHosts:
    """The hosts of one operation, with its global arguments."""

    def __init__(self, state: State, op_hash: str) -> None:
        self._hosts = {host.name: host for host in state.inventory}
        self._arguments = {
            host.name: connector_arguments(operations[op_hash].global_arguments)
            for host, operations in state.ops.items()
            if op_hash in operations
        }

    def run(self, name: str, command: str, lines: Sequence[str], limit: float) -> list[str]:
        """Return the command's output, given these lines as input; raise UnansweredError."""
        if name not in self._arguments:
            raise UnansweredError(f"{name} is not connected")
        host, arguments = self._hosts[name], self._arguments[name]
        try:
            return run(host, StringCommand(command), list(lines), limit, arguments)
        except RemoteError as error:
            raise UnansweredError(f"{name}: {error}") from error
