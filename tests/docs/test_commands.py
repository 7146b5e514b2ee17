"""Every command in the documents has options, scripts, keys and modules that exist."""

import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path

import pytest
from click import Command as ClickCommand

import deploys
from deploys.mail.settings.inventory import known_keys
from tests.docs.pages import ROOT, Block, commands

COMMANDS = tuple(commands())
OWN = "deploy.py"  # of an operator's own repository
# Files of an operator's own repository, and words in place of a name.
INVENTORIES = re.compile(
    r"@local|INVENTORY|(inventories/\w+/)?inventory\.py|[a-z0-9.]+\.example\.org"
)


def arguments(program: str) -> list[Block]:
    return [one for one in COMMANDS if one.text.startswith(program)]


PYINFRA = [one for one in arguments("pyinfra ") if "--support" not in one.text]


@pytest.fixture(scope="module")
def cli() -> ClickCommand:
    """The command line of pyinfra; what finds it loaded reads the arguments of a run from it."""
    loaded: ClickCommand = import_module("pyinfra_cli.main").cli
    del sys.modules["pyinfra_cli.cli"]
    return loaded


def words(command: Block) -> list[str]:
    return shlex.split(command.text, comments=True)


@pytest.mark.parametrize("command", PYINFRA, ids=str)
def test_a_command_of_pyinfra_has_known_options(command: Block, cli: ClickCommand) -> None:
    with cli.make_context("pyinfra", words(command)[1:]) as context:
        assert context.params["inventory"]


@pytest.mark.parametrize("command", PYINFRA, ids=str)
def test_a_command_of_pyinfra_names_an_inventory_and_a_script_that_exist(
    command: Block, cli: ClickCommand
) -> None:
    with cli.make_context("pyinfra", words(command)[1:]) as context:
        inventory, operations = context.params["inventory"], context.params["operations"]

    assert INVENTORIES.fullmatch(inventory) or (ROOT / inventory).exists()
    assert list(unknown(*operations)) == []


def unknown(first: str, *rest: str) -> Iterator[str]:
    """Yield what does not exist: scripts, facts, or an operation."""
    if first.endswith(".py"):
        yield from (one for one in (first, *rest) if not (one == OWN or (ROOT / one).exists()))
        return
    if first.startswith("pyinfra_mail."):
        yield from {first.removeprefix("pyinfra_mail.")} - {*deploys.__all__}
        return
    if first in ("fact", "exec", "debug-inventory"):
        yield from (one for one in rest if first == "fact" and not importable("facts", one))
    elif not importable("operations", first):
        yield first


def importable(kind: str, dotted: str) -> bool:
    module, _, name = dotted.partition(":")[0].rpartition(".")
    return hasattr(import_module(f"pyinfra.{kind}.{module}"), name)


@pytest.mark.parametrize("command", PYINFRA, ids=str)
def test_data_of_a_command_is_read_by_the_code(command: Block) -> None:
    given = [value for option, value in pairwise(words(command)) if option == "--data"]
    sources = "".join(path.read_text() for path in (ROOT / "deploys").rglob("*.py"))

    for key in (one.partition("=")[0] for one in given):
        assert key in known_keys() or f'"{key}"' in sources, key


@pytest.mark.parametrize("command", arguments("scripts/"), ids=str)
def test_a_script_exists_with_its_options(command: Block) -> None:
    script, *rest = words(command)
    path = ROOT / script

    assert path.exists()
    if path.is_file() and script != "scripts/test":  # whose arguments go to pytest
        help_text = "".join(one.read_text() for one in helped(script))
        assert [one for one in rest if one.startswith("-") and one not in help_text] == []


def helped(script: str) -> Iterator[Path]:
    yield ROOT / script
    if script == "scripts/bench":
        yield from (ROOT / "scripts/benches").glob("*.py")


@pytest.mark.parametrize("command", arguments("python -m "), ids=str)
def test_a_module_that_is_run_exists(command: Block) -> None:
    _, _, module, *rest = words(command)

    assert find_spec(module)
    assert [one for one in rest if "/" in one and not (ROOT / one).exists()] == []


@pytest.mark.parametrize("command", arguments("pip install "), ids=str)
def test_a_package_is_installed_with_extras_that_it_has(command: Block) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = re.findall(r"pyinfra-mail\[([\w,-]+)\]", command.text)

    assert set(chain.from_iterable(one.split(",") for one in extras)) <= set(
        project["optional-dependencies"]
    )
