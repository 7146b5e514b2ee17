"""History of the runs: a few figures of each, kept in the report itself."""

from pathlib import Path

from ..core.finding import Severity
from ..core.report import PastRun, Report
from .comparison import read
from .data import ReportDocument

MOST = 30  # runs


def history(report: Report, previous: Path) -> tuple[PastRun, ...]:
    """Return the earlier runs with the same limits, by the report in a file; none without it."""
    try:
        before = read(previous)
    except (OSError, ValueError):
        return ()
    if before.limits != report.limits:
        return ()
    return (*before.history, past(before))[-MOST:]


def past(report: Report | ReportDocument) -> PastRun:
    """Return the figures of a run."""
    severities = [one.severity for one in report.findings]
    times = [one.seconds for one in report.messages if one.seconds is not None]
    return PastRun(
        started=report.started,
        verdict=report.verdict,
        seconds=report.seconds,
        errors=severities.count(Severity.ERROR),
        unknown=severities.count(Severity.UNKNOWN),
        warnings=severities.count(Severity.WARNING),
        sent=len(report.messages),
        arrived=sum(one.arrived for one in report.messages),
        slowest=max(times, default=None),
    )
