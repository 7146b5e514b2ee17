"""
Command line of this run of pyinfra.

pyinfra does not offer it, so its parser reads the command line again. The parser's module is loaded
in every run of the CLI; an import elsewhere would patch threads.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import DeployError


def inventory() -> str:
    """Return the inventory argument, nothing without a command line of pyinfra."""
    return str(parameters().get("inventory", ""))


def folder_without_group_data() -> Path | None:
    """Return the folder of the inventory file if no folder of group data belongs to it."""
    given = parameters()
    file = Path(given.get("inventory", ""))
    if not file.is_file() or given["group_data"]:
        return None
    folders = (file.resolve().parent, Path.cwd())
    return None if any((one / "group_data").is_dir() for one in folders) else folders[0]


def parameters() -> Mapping[str, Any]:
    """Return the parameters by pyinfra's names, none without a command line of pyinfra."""
    module = sys.modules.get("pyinfra_cli.cli")
    if module is None:
        return {}
    context = module.cli.make_context("pyinfra", sys.argv[1:], resilient_parsing=True)
    return dict(context.params)


def inventory_name() -> str:
    """Return the name of the folder of this run's inventory."""
    given = inventory()
    path = Path(given or "inventory")
    name = path.resolve().parent.name if path.is_file() else path.name
    return name.removeprefix("@")


def refusal(sentence: str) -> DeployError:
    """Return an error that ends a run with a sentence alone, without a file and line of ours."""
    if "pyinfra_cli.exceptions" not in sys.modules:
        return DeployError(sentence)
    from pyinfra_cli.exceptions import CliError  # noqa: PLC0415 - see above

    class Refusal(CliError, DeployError):  # type: ignore[misc] # CliError has no types
        """An error that pyinfra's command line prints as it is."""

    return Refusal(sentence)
