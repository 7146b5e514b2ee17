"""
The commands that change a host: a request to the agent, and what becomes of it.

A command fails the host with one sentence; how many hosts a run has changed is counted here.
"""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import gevent
from paramiko import SSHException
from pyinfra import host, logger
from pyinfra.api.arguments import CONNECTOR_ARGUMENT_KEYS
from pyinfra.api.command import FunctionCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.host import Host
from pyinfra.api.state import State

from ...mail.settings.model import HostSettings
from ..model.state import Existing
from ..services.registry import suspects
from .facts import remembered
from .remote import Request, agent_command, answer_in

_changed: WeakKeyDictionary[State, set[str]] = WeakKeyDictionary()


def command(verb: str, fields: Mapping[str, Any], settings: HostSettings) -> FunctionCommand:
    """Return the command that sends a request, with the global arguments of the operation."""
    timeout = settings.apply_timeout if verb in ("apply", "rotate") else settings.install_timeout
    given: Mapping[str, Any] = host.current_op_global_arguments or {}
    arguments = {key: given[key] for key in CONNECTOR_ARGUMENT_KEYS if key in given}
    arguments |= {"_stdin": Request(verb, fields), "_timeout": timeout}
    return FunctionCommand(_send, (settings, arguments), {})


def _send(state: State, host: Host, settings: HostSettings, arguments: dict[str, Any]) -> bool:
    """Send a request to the agent; False fails the host, after the one sentence that says why."""
    timeout = arguments["_timeout"]
    try:
        with gevent.Timeout(timeout + 5, TimeoutError):
            _, output = host.run_shell_command(agent_command(), **arguments)
        existing = remembered(host, Existing.model_validate(answer_in(output.stdout_lines)))
    except FactProcessError as refusal:
        own = suspects(settings, str(refusal))
        return fail(state, host, f"Refused at {refusal}" + (f"; look at {own}" if own else ""))
    except (TimeoutError, OSError, SSHException) as error:
        return fail(state, host, f"no answer within {timeout} s ({error or 'timeout'}); run again")
    except (ValueError, IndexError):
        return fail(state, host, f"the host's answer was cut off: {output.stderr[-300:]}")
    for note in existing.notes:
        host.log_styled(note, fg="red", log_func=logger.warning)
    _changed.setdefault(state, set()).add(host.name)
    return True


def fail(state: State, host: Host, sentence: str) -> bool:  # noqa: ARG001 - pyinfra's signature
    """Fail a host with the one sentence that its operator has to read."""
    host.log_styled(sentence, fg="red", log_func=logger.error)
    return False


def hosts_changed(run: State) -> int:
    """Return on how many hosts a run has changed something."""
    return len(_changed.get(run, ()))
