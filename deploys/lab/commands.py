"""Commands, and their failures as one line each."""

import os
import subprocess
from collections.abc import Callable, Sequence

from pyinfra import logger
from pyinfra.api import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.state import State

from .definition import LabError

CORES = os.cpu_count() or 1


def run(command: Sequence[str], seconds: float = 900, *, check: bool = True) -> str:
    """Return what a command prints; raise LabError with its last line if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f"{_brief(command)} did not end within {seconds:g} s") from None
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed: install it, or use scripts/demo") from None
    if check and done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise LabError(f"{_brief(command)} failed: {lines[-1]}")
    return done.stdout.strip()


def _brief(command: Sequence[str]) -> str:
    return " ".join(command[:3])


def call(function: Callable[..., object], *args: object) -> FunctionCommand:
    """Have pyinfra call a function, and print its LabError as one line without a traceback."""

    def attempt(state: State, host: Host) -> bool:  # noqa: ARG001
        try:
            function(*args)
        except LabError as error:
            logger.error("%s%s", host.print_prefix, error)
            return False
        return True

    return FunctionCommand(attempt, (), {})
