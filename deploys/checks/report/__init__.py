"""
The report of a run: on the terminal, and as files for people and programs.

Files go to `reports/<inventory's folder>/` in the working directory. Those of a partial run go to
`part/` in it, so that the last complete report stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ...mail.errors import MailError
from ...mail.settings.secret import Secret
from ...run import reports
from ..core.report import Report
from . import comparison, data, history, junit, markdown, notice, prometheus, terminal

REPORT = "the report"
Renderer = Callable[[Report], str]
_RENDERERS: Mapping[str, Renderer] = {
    "json": data.render,
    "xml": junit.render,
    "md": markdown.render,
    "prom": prometheus.render,
}
_OTHERS = ", ".join(f".{suffix}" for suffix in _RENDERERS)


def publish(
    report: Report, page: Renderer, receiver: Secret | str = "", metrics: str = ""
) -> list[str]:
    """
    Show the report, send the notice of changes, write the files; return the failures of these.

    + page: renders `report.html`, which shows the texts of the checks
    + receiver: mail address or webhook of the notice
    + metrics: directory of node_exporter's textfile collector
    """
    console = terminal.console()
    folder = reports.folder(report.name)
    folder = folder / "part" if report.limits else folder
    compared = comparison.compared(report, folder / "report.json")
    report = replace(
        report, comparison=compared, history=history.history(report, folder / "report.json")
    )
    terminal.show(report, console)
    failures = []
    try:
        report = notice.notified(report, receiver)
    except MailError as problem:
        failures.append(str(problem))
        report = replace(report, comparison=notice.postponed(compared))
    try:
        write(report, folder, page)
        console.print(f"  Report: {folder / 'report.html'} (and {_OTHERS})\n")
        if metrics and not report.limits:
            collected = Path(metrics, f"pyinfra_mail_{report.name}.prom")
            reports.write(collected, prometheus.render(report), REPORT)
    except MailError as problem:
        failures.append(str(problem))
    return failures


def write(report: Report, folder: Path, page: Renderer) -> None:
    """Write the report's files into a folder; raise MailError if it cannot be written."""
    for suffix, render in {**_RENDERERS, "html": page}.items():
        reports.write(folder / f"report.{suffix}", render(report), REPORT)
