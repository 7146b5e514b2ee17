"""
State of a host: one fact, one remote command, kept until a command changes the host.

pyinfra keeps no facts, so each operation of a plan would ask again.
"""

from collections.abc import Iterator

from pyinfra import state
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase
from pyinfra.api.host import Host

from ...run.command_line import refusal
from ...run.remote import RemoteError, between_marks, marked, time_limit
from ...run.state import per_run
from ..model.request import ExistingRequest
from ..model.state import Existing
from .remote import INCOMPLETE, Input, agent_command, answer_in


class HostState(FactBase[Existing | None]):
    """Returns the state of the host: files, tables, packages, units, loaded sets."""

    def command(self) -> StringCommand:
        """Return the command that starts the agent; its modules and the request are its input."""
        return marked(agent_command())

    def process(self, output: list[str]) -> Existing:
        """Return the agent's answer as a value."""
        try:
            return answer_in(between_marks(output))
        except (RemoteError, ValueError, IndexError) as error:
            raise FactProcessError(INCOMPLETE) from error


class KnownStates(dict[str, tuple[bool, Existing]]):
    """The last state of each host by name; True if it was read while executing."""


def existing_state(host: Host, request: ExistingRequest, timeout: int) -> Existing | None:
    """Return the state of a host; it is read once while planning and once while executing."""
    executing, existing = per_run(host.state, KnownStates).get(host.name, (None, None))
    if existing is not None and executing == state.is_executing:
        return existing
    with time_limit(host, timeout):
        found = host.get_fact(HostState, _stdin=Input(request), _timeout=timeout)
    if not found:
        return None
    if lacking := ", ".join(_lacking(request, found)):
        raise refusal(
            f"{host.name}: its answer has no state of {lacking}; "
            "a fake host must answer for the settings of this run"
        )
    return remembered(host, found)


def remembered(host: Host, existing: Existing) -> Existing:
    """Keep the state of a host, as it was reported."""
    per_run(host.state, KnownStates)[host.name] = (state.is_executing, existing)
    return existing


def _lacking(request: ExistingRequest, found: Existing) -> Iterator[str]:
    """Yield the parts of a request that an answer leaves out: it was made for another."""
    for query in request.queries:
        if query.name not in found.services:
            yield query.name
        yield from (name for name in query.packages if name not in found.packages)
        paths = (certificate.path for certificate in query.certificates)
        yield from (path for path in paths if path not in found.certificates)
