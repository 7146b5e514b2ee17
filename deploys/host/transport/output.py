"""What a run says of a host: its plan, line by line where asked, and what it leaves to do."""

import sys
from collections.abc import Iterable

import click
from pyinfra import host, logger, state

from ..model.plan import HostChange


def say(sentences: Iterable[str]) -> None:
    """Tell what a run leaves to its operator; only when it is known, and so not while planning."""
    for sentence in sentences if state.is_executing else ():
        host.log_styled(f"  {sentence}", fg="yellow", log_func=logger.warning)


def show(changes: Iterable[HostChange]) -> None:
    """Show a plan once: while planning, or while executing where planning was skipped."""
    if state.is_executing and state.should_check_for_changes():
        return
    for change in changes:
        host.log_styled(f"  {change}", fg="yellow")
        for line in change.diff() if state.config.DIFF else ():
            logger.info("    %s", _coloured(line))
    if "--json" in sys.argv and host.current_op_hash:
        meta = state.get_op_meta(host.current_op_hash)
        meta.args.extend(f"{host.name}: {change}" for change in changes)


def _coloured(line: str) -> str:
    return click.style(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
