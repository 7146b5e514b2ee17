"""
Global arguments of pyinfra, such as `_sudo`, for a deploy that an operator calls.

pyinfra's own `@deploy` puts the deploy's name before the name of each operation. These deploys are
the whole run, so their operations keep their names.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast

from pyinfra import host, state
from pyinfra.api import util
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
        _order_by_own_lines()
        found, _ = pop_global_arguments(state, host, arguments)
        with host.arguments(**found):
            function(*args, **arguments)

    return cast("PyinfraOperation[Parameters]", called)


def _order_by_own_lines() -> None:
    """
    Have pyinfra order the operations of an installed package by its lines.

    pyinfra leaves out the lines of its own modules, which it knows by the beginning of their path;
    that of `pyinfra_mail` begins in the same way. Without the separator, operations of different
    hosts would be taken for one.
    """
    if not util.PYINFRA_INSTALL_DIR.endswith(os.sep):
        util.PYINFRA_INSTALL_DIR += os.sep
