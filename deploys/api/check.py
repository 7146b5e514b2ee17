"""
The check of an inventory without its hosts: exit status 0, or 1 with every mistake.

pyinfra connects to every host before it reads a deploy. Its `config.py` is earlier, so that file
calls `check_first`, and no host is contacted before the check of any deploy has passed.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from pyinfra import logger, state
from pyinfra.api.config import Config
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory

from ..host.inventory import CLIENT, MAIL, MISTAKES, WITNESSES, data_of
from ..mail.toolkit import PACKAGE
from ..run.arguments import deploy
from ..run.command_line import parameters
from ..run.exit_status import fail_on_changes
from ..run.state import per_run
from .mistakes import PARTS, EarlyCheck, Parts, fleet_for, mistakes


@deploy
def check() -> None:
    """End the run with the result of the check; its hosts are not used."""
    fleet_for("check", state.inventory)
    progress = per_run(state, EarlyCheck)
    if not progress.ended:
        progress.ended = True
        logger.warning("    pyinfra connected to the hosts: no config.py here calls check_first()")
        _succeed(state.inventory)


def check_first() -> None:
    """Have every deploy of this package checked before the first connection; for config.py."""
    called = frozenset(_called(parameters().get("operations", ())))
    if called:
        set_up = state.init

        def init(
            inventory: Inventory, config: Config | None, initial_limit: list[Host] | None = None
        ) -> None:
            _check(inventory, called)
            set_up(inventory, config, initial_limit=initial_limit)
            per_run(state, EarlyCheck).passed = True

        state.init = init  # type: ignore[method-assign] # no callback of pyinfra is so early


def _check(inventory: Inventory, called: frozenset[str]) -> None:
    from pyinfra_cli.exceptions import CliError  # noqa: PLC0415 - elsewhere it patches threads

    if called == {"verify"} and not data_of(inventory, MAIL, CLIENT):
        return  # a domain in no inventory
    parts: Parts = frozenset().union(*(PARTS[name] for name in called))
    found = (*fail_on_changes(state, inventory), *mistakes(inventory, parts))
    if found:
        raise CliError("\n    ".join((MISTAKES, *found)))
    if called == {"check"}:
        _succeed(inventory)


def _succeed(inventory: Inventory) -> None:
    roles = {MAIL: "mail host", CLIENT: "null client", WITNESSES: "witness"}
    counts = {title: len(data_of(inventory, role)) for role, title in roles.items()}
    words = [f"{title}: {count}" for title, count in counts.items() if count]
    logger.info(f"--> {click.style('No mistakes', 'green', bold=True)} ({', '.join(words)})")
    raise SystemExit(0)


def _called(operations: Sequence[str]) -> Iterator[str]:
    """Yield the deploys of this package that a command line names, or that its files import."""
    if operations and operations[0].startswith(f"{PACKAGE}."):
        yield from {operations[0].rpartition(".")[2]} & {*PARTS}
    for file in operations:
        if file.endswith(".py") and Path(file).is_file():
            yield from _imported(file)


def _imported(file: str) -> Iterator[str]:
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return  # pyinfra reports it
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == PACKAGE:
            yield from {alias.name for alias in node.names} & {*PARTS}
