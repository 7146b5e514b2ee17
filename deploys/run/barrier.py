"""
The last of several hosts: a step that is done once, when every host has come to it.

pyinfra runs an operation for each host: all at once, host by host (`--serial`), or each at its own
pace (`--no-wait`). Whatever the way, one host is the last to arrive, and hosts that fail before
never arrive. When the last of those still missing fails, the step is done on its failure.
"""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from pyinfra.api.host import Host
from pyinfra.api.state import BaseStateCallback, State

Step = Callable[[State, Host, str], bool]


class Gathering(BaseStateCallback):
    """The hosts that have come to an operation."""

    def __init__(self, op_hash: str, step: Step) -> None:
        self.op_hash = op_hash
        self._step = step
        self._arrived: set[str] = set()
        self._done = False

    def completed_by(self, state: State, name: str) -> bool:
        """Note that a host has arrived, and return whether all have now."""
        self._arrived.add(name)
        return not self._missing(state) and not self._done

    def step(self, state: State, host: Host) -> bool:
        """Take the step, and return whether it succeeded."""
        self._done = True
        return self._step(state, host, self.op_hash)

    def operation_host_error(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, *_retries: int
    ) -> None:
        """Take the step if the host that failed was the last one missing."""
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


_GATHERINGS: WeakKeyDictionary[State, dict[str, Gathering]] = WeakKeyDictionary()


def gathering(state: State, op_hash: str, step: Step) -> Gathering:
    """Return the gathering of an operation, begun by the first host to ask."""
    begun = _GATHERINGS.setdefault(state, {})
    if op_hash not in begun:
        begun[op_hash] = Gathering(op_hash, step)
        state.add_callback_handler(begun[op_hash])
    return begun[op_hash]
