"""
Global arguments of pyinfra, such as `_sudo`, for a deploy that an operator calls.

pyinfra's own `@deploy` puts the deploy's name before the name of each operation. These deploys are
the whole run, so their operations keep their names.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast

from pyinfra import host, state
from pyinfra.api.arguments import pop_global_arguments
from pyinfra.api.arguments_typed import PyinfraOperation

from .interruption import on_interrupt

Parameters = ParamSpec("Parameters")
INTERRUPTED = "a change that has begun on a host is completed there; run again"


def deploy(function: Callable[Parameters, None]) -> PyinfraOperation[Parameters]:
    """Return a deploy that passes its global arguments on to its operations."""

    @wraps(function)
    def called(*args: Parameters.args, **arguments: Parameters.kwargs) -> None:
        on_interrupt(INTERRUPTED)
        found, _ = pop_global_arguments(state, host, arguments)
        with host.arguments(**found):
            function(*args, **arguments)

    return cast("PyinfraOperation[Parameters]", called)
