"""Bulk streams on the page: a card for each, with charts of its days and sums by receiver."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.bulk import BulkFigures, BulkResult
from ..core.finding import Finding, Severity
from ..core.report import Report
from .charts import Chart, chart
from .subjects import related

DAYS = 14  # with the day of the report
_CHARTS = {
    "Messages delivered and bounced": {"ok": "delivered", "error": "failed"},
    "Attempts deferred": {"warning": "deferred"},
    "Complaints and unsubscriptions": {"error": "complained", "info": "unsubscribed"},
}


@dataclass(frozen=True)
class BulkCard:
    """The figures of one stream by day and by receiver, and the names to filter by."""

    stream: str
    severity: Severity
    figures: BulkFigures
    span: str  # of the charts
    charts: tuple[Chart, ...]
    names: tuple[str, ...]

    @property
    def tables(self) -> tuple[tuple[str, str, Mapping[str, BulkResult]], ...]:
        """Return the tables: their titles, what a row is, and the rows."""
        receivers = {name or "not known": one for name, one in self.figures.receivers.items()}
        found = self.figures.days
        days = {day: found[day] for day in reversed([*found])}
        return ("By receiver", "Receiver", receivers), ("By day (UTC)", "Day", days)

    @property
    def days(self) -> int:
        """Return the number of days."""
        return DAYS


def bulk_cards(report: Report) -> list[BulkCard]:
    """Return a card for each stream with any result."""
    return [card for one in report.findings for card in _card(one, report)]


def _card(finding: Finding, report: Report) -> Iterator[BulkCard]:
    figures = finding.bulk
    if not figures or not figures.results:
        return
    found, days = figures.days, list(_days(report))
    yield BulkCard(
        stream=finding.subject,
        severity=finding.severity,
        figures=figures,
        span=f"{days[0]:%-d %b} to {days[-1]:%-d %b}",
        charts=tuple(_charts([found.get(day.strftime("%Y-%m-%d"), BulkResult()) for day in days])),
        names=related(report, finding.subject),
    )


def _charts(days: Sequence[BulkResult]) -> Iterator[Chart]:
    """Yield the charts of these days, without those that would be empty."""
    for title, parts in _CHARTS.items():
        columns = [[(kind, getattr(one, count)) for kind, count in parts.items()] for one in days]
        if any(value for column in columns for _, value in column):
            yield chart(title, "{:,.0f}", columns)


def _days(report: Report) -> Iterator[datetime]:
    for back in range(DAYS - 1, -1, -1):
        yield report.started - timedelta(days=back)
