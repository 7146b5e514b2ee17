"""
Barrier: a step that a run takes once, when every host has reached it.

pyinfra runs an operation for each host: all at once, host by host (`--serial`), or each at its own
pace (`--no-wait`). In every mode one host is the last to arrive, and a host that fails before never
arrives. When the last host that is still missing fails, its failure releases the barrier. Work that
the first host does for all has turns instead.
"""

from collections.abc import Callable

from pyinfra.api.host import Host
from pyinfra.api.state import BaseStateCallback, State

from .state import per_run

LastStep = Callable[[State, Host, str], bool]


class Barrier(BaseStateCallback):
    """The hosts that have reached an operation."""

    def __init__(self, op_hash: str, step: LastStep) -> None:
        self.op_hash = op_hash
        self._step = step
        self._arrived: set[str] = set()
        self._done = False

    def completed_by(self, state: State, name: str) -> bool:
        """Note that a host has arrived; return whether all have now and the step is due."""
        self._arrived.add(name)
        return not self._missing(state) and not self._done

    def step(self, state: State, host: Host) -> bool:
        """Take the step, and return whether it succeeded."""
        self._done = True
        return self._step(state, host, self.op_hash)

    def operation_host_error(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, *_retries: int
    ) -> None:
        """Take the step if the failed host was the last one missing."""
        if op_hash != self.op_hash and not self._done and not self._missing(state):
            self.step(state, host)

    def _missing(self, state: State) -> set[str]:
        ops = state.ops.items()
        expected = {host.name for host, operations in ops if self.op_hash in operations}
        return expected - self._arrived - failed(state)


def failed(state: State) -> set[str]:
    """Return the hosts on which anything failed in this run."""
    # With --no-wait pyinfra counts errors, but does not mark the host.
    counted = {host.name for host, results in state.results.items() if results.error_ops}
    return counted | {host.name for host in state.failed_hosts}


class Barriers(dict[str, Barrier]):
    """The barriers of a run, by the hash of their operation."""


def barrier(state: State, op_hash: str, step: LastStep) -> Barrier:
    """Return the barrier of an operation; the first host to reach it sets it up."""
    barriers = per_run(state, Barriers)
    if op_hash not in barriers:
        barriers[op_hash] = Barrier(op_hash, step)
        state.add_callback_handler(barriers[op_hash])
    return barriers[op_hash]
