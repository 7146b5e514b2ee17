"""
What exists on a host, asked with one remote command and kept until something changes it.

pyinfra keeps no facts, so a plan of several operations would ask for each of them anew.
"""

from pyinfra import state
from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase
from pyinfra.api.host import Host

from ...run.remote import time_limit
from ...run.state import per_run
from ..model.request import ExistingRequest
from ..model.state import Existing
from .remote import CUT_OFF, Input, agent_command, answer_in


class HostState(FactBase[Existing | None]):
    """Returns what exists on the host: files, tables, packages, units, what is loaded."""

    def command(self) -> StringCommand:
        """Return the agent's start; its program and its request come on standard input."""
        return agent_command()

    def process(self, output: list[str]) -> Existing:
        """Return the agent's answer as a value."""
        try:
            return answer_in(output)
        except (ValueError, IndexError) as error:
            raise FactProcessError(CUT_OFF) from error


class KnownStates(dict[str, tuple[bool, Existing]]):
    """The last state of each host, by name, and whether it was asked while executing."""


def existing_on(host: Host, request: ExistingRequest, timeout: int) -> Existing | None:
    """Return what exists on a host, asking at most once while planning and once while executing."""
    executing, existing = per_run(host.state, KnownStates).get(host.name, (None, None))
    if existing is not None and executing == state.is_executing:
        return existing
    with time_limit(host, timeout):
        found = host.get_fact(HostState, _stdin=Input(request), _timeout=timeout)
    return remembered(host, found) if found else None


def remembered(host: Host, existing: Existing) -> Existing:
    """Keep what exists on a host, as an apply has just reported it."""
    per_run(host.state, KnownStates)[host.name] = (state.is_executing, existing)
    return existing
