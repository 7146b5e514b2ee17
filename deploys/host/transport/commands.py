"""
Commands that change a host: each sends one request to the agent.

A command that fails prints one sentence. The changed hosts of a run are counted.
"""

from collections.abc import Callable
from functools import partial

from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.host import Host
from pyinfra.api.state import State

from ...mail.settings.model import HostSettings
from ...run.remote import RemoteError, connector_arguments, run
from ...run.state import per_run
from ..model.request import ExistingRequest, RotateRequest
from ..services.registry import own_settings_in
from .facts import remembered
from .remote import INCOMPLETE, Input, agent_command, answer_in

Ask = Callable[[Host], list[str]]


class ChangedHosts(set[str]):
    """Names of the hosts that a run has changed."""


def command(request: ExistingRequest, settings: HostSettings) -> FunctionCommand:
    """Return the command that sends a request, with the global arguments of the operation."""
    applied = isinstance(request, RotateRequest)
    seconds = settings.apply_timeout if applied else settings.install_timeout
    ask = partial(
        run,
        command=agent_command(),
        stdin=Input(request),
        seconds=seconds,
        arguments=connector_arguments(host.current_op_global_arguments),
    )
    return FunctionCommand(_send, (settings, ask), {})


def _send(state: State, host: Host, settings: HostSettings, ask: Ask) -> bool:
    """Send a request to the agent; print the reason of a failure, and return False for it."""
    try:
        existing = remembered(host, answer_in(ask(host)))
    except FactProcessError as refusal:
        own = own_settings_in(settings, str(refusal))
        return fail(state, host, f"Refused at {refusal}" + (f"; look at {own}" if own else ""))
    except RemoteError as error:
        return fail(state, host, f"{error}; run again")
    except (ValueError, IndexError):
        return fail(state, host, f"{INCOMPLETE}; run again")
    for note in existing.notes:
        host.log_styled(note, fg="red", log_func=logger.warning)
    per_run(state, ChangedHosts).add(host.name)
    return True


def fail(state: State, host: Host, *sentences: str) -> bool:  # noqa: ARG001 - pyinfra's signature
    """Print the reasons of a failure, and return False, which fails the host."""
    for sentence in sentences:
        host.log_styled(sentence, fg="red", log_func=logger.error)
    return False


def hosts_changed(state: State) -> int:
    """Return how many hosts a run has changed."""
    return len(per_run(state, ChangedHosts))
