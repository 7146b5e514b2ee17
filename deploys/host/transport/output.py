"""Output of a run about a host: its plan, and the operator's tasks that remain."""

from collections.abc import Iterable

import click
from pyinfra import host, logger, state

from ...run.json_output import add_changes
from ..model.plan import HostChange


def warn(sentences: Iterable[str], planned: Iterable[str] = ()) -> None:
    """Print tasks for the operator; while planning, when they may change, the `planned` ones."""
    for sentence in sentences if state.is_executing else planned:
        host.log_styled(f"  {sentence}", fg="yellow", log_func=logger.warning)


def show(changes: Iterable[HostChange]) -> None:
    """Print a plan once: while planning, or while executing if planning was skipped."""
    if state.is_executing and state.should_check_for_changes():
        return
    for change in changes:
        host.log_styled(f"  {change}", fg="yellow")
        for line in change.diff() if state.config.DIFF else ():
            logger.info("    %s", _coloured(line))
    add_changes(host, (f"{host.name}: {change}" for change in changes))


def _coloured(line: str) -> str:
    return click.style(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
