"""
Exit status of a dry run with changes: `--dry --data fail_on_changes=yes`.

pyinfra ends a dry run with status 0, with changes or without. Status 1 is a failure, and 2 a wrong
command line, so changes have the status 3.
"""

import sys
from collections.abc import Iterator
from functools import partial

import click
from pyinfra import logger
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State

from .command_line import parameters

KEY = "fail_on_changes"
CHANGED = 3
NEEDS_CONFIG = f"--data {KEY}=yes needs a config.py in this folder that calls check_first()"


def is_asked(inventory: Inventory) -> bool:
    """Tell whether `--data` asks for the status."""
    return inventory.get_override_data().get(KEY, "no") not in ("no", False)


def fail_on_changes(state: State, inventory: Inventory) -> Iterator[str]:
    """Have a run end with status 3 if it finds changes and `--data` asks for it; yield mistakes."""
    value, given = inventory.get_override_data().get(KEY), parameters()
    if not is_asked(inventory):
        return
    if value not in ("yes", True):
        yield f"--data {KEY}={value} is not valid; write {KEY}=yes"
    elif not given["dry"] or given["yes"]:
        yield f"--data {KEY}=yes is for a dry run, which compares; add --dry, and leave out -y"
    else:
        click.get_current_context().call_on_close(partial(_end, state))


def _end(state: State) -> None:
    ending = sys.exception()
    changed = [host.name for host, meta in state.meta.items() if meta.ops_change]
    if isinstance(ending, SystemExit) and not ending.code and changed:
        logger.warning(f"--> Exit status {CHANGED}: there are changes for {', '.join(changed)}")
        raise SystemExit(CHANGED)
