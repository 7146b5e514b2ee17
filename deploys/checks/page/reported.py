"""Reports of other mail servers on the page: a card for each domain, with a chart and a table."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..core.finding import Finding, Severity
from ..core.received import ReceivedReports
from ..core.report import Report
from .charts import Chart, chart
from .subjects import related

_UNITS = {"dmarc": "messages", "tls": "sessions"}
_TITLES = {"dmarc": "mail in its name", "tls": "TLS with its hosts"}
MOST_SENDERS = 8  # that a sentence names


@dataclass(frozen=True)
class ReportedCard:
    """The figures of one domain, and the names that a reader may filter by."""

    domain: str
    title: str
    unit: str
    severity: Severity
    figures: ReceivedReports
    chart: Chart
    senders: str
    names: tuple[str, ...]

    @property
    def share(self) -> str:
        """Return the share that passed."""
        total = self.figures.passed + self.figures.failed
        return f"{self.figures.passed / total:.1%}" if total else "none"


def reported(report: Report) -> list[ReportedCard]:
    """Return a card for each finding with figures of received reports."""
    return [card for one in report.findings for card in _card(one, report)]


def _card(finding: Finding, report: Report) -> Iterator[ReportedCard]:
    figures = finding.received
    if figures and figures.days:
        columns = [[("ok", one.passed), ("error", one.failed)] for one in figures.days]
        unit = _UNITS[figures.kind]
        yield ReportedCard(
            domain=finding.subject,
            title=_TITLES[figures.kind],
            unit=unit,
            severity=finding.severity,
            figures=figures,
            chart=chart(f"{unit.capitalize()} a day", "{:,.0f}", columns),
            senders=_listed(figures.senders),
            names=related(report, finding.subject),
        )


def _listed(senders: tuple[str, ...]) -> str:
    more = len(senders) - MOST_SENDERS
    return ", ".join(senders[:MOST_SENDERS]) + (f" and {more} more" if more > 0 else "")
