"""Figures of a domain over the last days, whole days without a report among them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ...mail.report_store import SHOWN_DAYS
from ..core.finding import Finding
from ..core.received import ReceivedReports, ReportedDay

SHOWN = 50  # sources or failures of a domain


def days(counts: Iterable[tuple[str, int, int]], now: float) -> tuple[ReportedDay, ...]:
    """Return every day up to today, of counts by day; none if there are no counts."""
    passed, failed = Counter[str](), Counter[str]()
    for day, good, bad in counts:
        passed[day] += good
        failed[day] += bad
    if not passed:
        return ()
    today = datetime.fromtimestamp(now, UTC)
    shown = (today - timedelta(days=back) for back in range(SHOWN_DAYS, -1, -1))
    named = [day.strftime("%Y-%m-%d") for day in shown]
    return tuple(ReportedDay(day, passed[day], failed[day]) for day in named)


def with_figures(finding: Finding, figures: ReceivedReports) -> Finding:
    """Return a finding with the figures that it is made of."""
    return replace(finding, received=figures)
