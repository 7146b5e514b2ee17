"""Charts of the last runs and of days: bars, each at most 100 high."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.report import PastRun, Report
from ..report.history import past


@dataclass(frozen=True)
class Bar:
    """A part of a run's bar: its class, begin and height in percent."""

    kind: str
    begin: float
    height: float


@dataclass(frozen=True)
class Chart:
    """A chart: its title, its largest value in words, and the bars of each run or day."""

    title: str
    top: str
    columns: tuple[tuple[Bar, ...], ...]


ColumnParts = Sequence[tuple[str, float]]  # class and value
ChartParts = Callable[[PastRun], ColumnParts]


def runs(report: Report) -> tuple[PastRun, ...]:
    """Return the runs of the charts, the oldest first; none if this is the first."""
    return (*report.history, past(report)) if report.history else ()


def charts(report: Report) -> list[Chart]:
    """Return the charts of the last runs."""
    shown = runs(report)
    if not shown:
        return []
    return [
        _chart("Findings", "{:.0f} problems", shown, _findings),
        _chart("Messages", "{:.0f} sent", shown, _messages),
        _chart("Slowest message", "{:.1f} s", shown, lambda one: [("info", one.slowest or 0)]),
        _chart("Duration", "{:.0f} s", shown, lambda one: [("info", one.seconds)]),
    ]


def _findings(run: PastRun) -> ColumnParts:
    return [("error", run.errors), ("unknown", run.unknown), ("warning", run.warnings)]


def _messages(run: PastRun) -> ColumnParts:
    return [("ok", run.arrived), ("error", run.sent - run.arrived)]


def _chart(title: str, top: str, shown: Sequence[PastRun], parts: ChartParts) -> Chart:
    return chart(title, top, [parts(run) for run in shown])


def chart(title: str, top: str, columns: Sequence[ColumnParts]) -> Chart:
    """Return the chart of columns, each of parts that stand on each other."""
    largest = max(sum(value for _, value in parts) for parts in columns)
    return Chart(title, top.format(largest), tuple(_bars(one, largest or 1) for one in columns))


def _bars(parts: ColumnParts, largest: float) -> tuple[Bar, ...]:
    bars, begin = [], 0.0
    for kind, value in parts:
        height = 100 * value / largest
        if value:
            bars.append(Bar(kind, begin, height))
        begin += height
    return tuple(bars)
