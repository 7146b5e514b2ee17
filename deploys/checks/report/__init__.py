"""
The report of a proof: on the terminal, as JSON, as JUnit XML, and as one HTML page.

Files go to `reports/<inventory's folder>/` in the directory that the run was started in.
"""

import sys
from pathlib import Path

from rich.console import Console

from deploys.checks.finding import Report
from deploys.checks.report import data, html, junit, terminal
from deploys.mail.errors import MailError


def inventory_name() -> str:
    """Return the name of the folder that this run's inventory lies in."""
    # pyinfra keeps the inventory's path to itself, so its own parser reads the command line again.
    # Its module is there in every run of the CLI; anywhere else, importing it would patch threads.
    module = sys.modules.get("pyinfra_cli.cli")
    if module is None:
        return "inventory"
    context = module.cli.make_context("pyinfra", sys.argv[1:], resilient_parsing=True)
    inventory = Path(context.params["inventory"])
    name = inventory.resolve().parent.name if inventory.is_file() else inventory.name
    return name.removeprefix("@")


def publish(report: Report) -> None:
    """Show the report and write its files; raise MailError if they cannot be written."""
    console = Console(stderr=True, highlight=False)
    terminal.show(report, console)
    folder = Path("reports", report.name)
    write(report, folder)
    console.print(f"  Report: {folder / 'report.html'} (and .json, .xml)\n", soft_wrap=True)


def write(report: Report, folder: Path) -> None:
    """Write the report's files into a folder; raise MailError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, renderer in (("json", data), ("xml", junit), ("html", html)):
            staged = folder / f".report.{suffix}"
            staged.write_text(renderer.render(report), encoding="utf-8")
            staged.replace(folder / f"report.{suffix}")
    except OSError as error:
        raise MailError(
            f"the report cannot be written to {folder}: {error.strerror}; make the folder "
            "writable, or start the run in a directory of yours"
        ) from error
