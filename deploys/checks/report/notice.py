"""
Notice to the operator, sent if something has changed since the previous report.

Changes of a notice that could not be sent are kept in the report, and sent with the next one.
"""

from dataclasses import replace

from ...mail.settings.secret import Secret
from ...run import reports
from ..core.report import Comparison, Report
from .receiver import OutgoingNotice, send
from .summary import change_line, headline, news, summary

_MOST = 100


def notified(report: Report, receiver: Secret | str) -> Report:
    """Send a notice of the changes, and return the report; raise MailError on failure."""
    comparison = report.comparison
    changes = (*comparison.untold, *comparison.changes)
    if receiver and changes:
        _send(report, receiver)
    return replace(report, comparison=replace(comparison, untold=()))


def postponed(comparison: Comparison) -> Comparison:
    """Return a comparison with its changes kept for the next notice."""
    return replace(comparison, untold=(*comparison.untold, *comparison.changes)[-_MOST:])


def text(report: Report) -> str:
    """Return the notice's text."""
    comparison = report.comparison
    changes = (*comparison.untold, *comparison.changes)
    lines = [f"{change_line(one)}\n    {one.saw}" for one in changes[:_MOST]]
    if len(changes) > _MOST:
        lines.append(f"and {len(changes) - _MOST} more")
    folder = reports.folder(report.name).resolve()
    return "\n".join((headline(report), summary(report), news(report), "", *lines, "", str(folder)))


def _send(report: Report, receiver: Secret | str) -> None:
    subject = f"Mail of {report.name}: {news(report)}"
    fields = {"verdict": report.verdict, "inventory": report.name}
    send(OutgoingNotice(subject, text(report), report.started, fields), receiver)
