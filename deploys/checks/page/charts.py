"""Charts of the last runs: bars of findings, messages and times, each at most 100 high."""

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
    """A chart: its title, its largest value in words, and the bars of each run."""

    title: str
    top: str
    runs: tuple[tuple[Bar, ...], ...]


ChartParts = Callable[[PastRun], Sequence[tuple[str, float]]]


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


def _findings(run: PastRun) -> Sequence[tuple[str, float]]:
    return [("error", run.errors), ("unknown", run.unknown), ("warning", run.warnings)]


def _messages(run: PastRun) -> Sequence[tuple[str, float]]:
    return [("ok", run.arrived), ("error", run.sent - run.arrived)]


def _chart(title: str, top: str, shown: Sequence[PastRun], parts: ChartParts) -> Chart:
    largest = max(sum(value for _, value in parts(run)) for run in shown)
    return Chart(
        title, top.format(largest), tuple(_bars(parts(run), largest or 1) for run in shown)
    )


def _bars(parts: Sequence[tuple[str, float]], largest: float) -> tuple[Bar, ...]:
    bars, begin = [], 0.0
    for kind, value in parts:
        height = 100 * value / largest
        if value:
            bars.append(Bar(kind, begin, height))
        begin += height
    return tuple(bars)
