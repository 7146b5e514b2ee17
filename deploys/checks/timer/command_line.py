"""
The inventory of this run, as it was given on the command line.

pyinfra keeps it to itself, so its own parser reads the command line again. Its module is there in
every run of the CLI; anywhere else, importing it would patch threads.
"""

import sys
from pathlib import Path


def inventory() -> str:
    """Return the inventory as it was given, nothing where there is no command line."""
    module = sys.modules.get("pyinfra_cli.cli")
    if module is None:
        return ""
    context = module.cli.make_context("pyinfra", sys.argv[1:], resilient_parsing=True)
    return str(context.params["inventory"])


def inventory_name() -> str:
    """Return the name of the folder that this run's inventory lies in."""
    given = inventory()
    path = Path(given or "inventory")
    name = path.resolve().parent.name if path.is_file() else path.name
    return name.removeprefix("@")
