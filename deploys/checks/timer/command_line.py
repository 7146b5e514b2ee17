"""
Inventory of this run, from the command line of pyinfra.

pyinfra does not offer it, so its parser reads the command line again. The parser's module is loaded
in every run of the CLI; an import elsewhere would patch threads.
"""

import sys
from pathlib import Path


def inventory() -> str:
    """Return the inventory argument, nothing without a command line of pyinfra."""
    module = sys.modules.get("pyinfra_cli.cli")
    if module is None:
        return ""
    context = module.cli.make_context("pyinfra", sys.argv[1:], resilient_parsing=True)
    return str(context.params["inventory"])


def inventory_name() -> str:
    """Return the name of the folder of this run's inventory."""
    given = inventory()
    path = Path(given or "inventory")
    name = path.resolve().parent.name if path.is_file() else path.name
    return name.removeprefix("@")
