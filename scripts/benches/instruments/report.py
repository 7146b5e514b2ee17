"""
Report of a bench: cases, medians, ratios, a table and a JSON file.

A case is one contender in one situation. All cases run once, then all again, so that other work of
the machine affects every contender alike. The median of the runs counts.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, product
from pathlib import Path
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Case:
    """One contender in one situation, with its aims and the figures of every run."""

    situation: str
    contender: str
    labels: Mapping[str, Any]  # numbers of hosts, domains or messages, or a name
    aims: Figures = field(default_factory=dict)  # the most that a figure should be
    runs: Sequence[Figures] = ()
    least: Figures = field(default_factory=dict)  # the least that its ratio to a baseline should be

    @property
    def name(self) -> str:
        """Return the case's name: situation and contender."""
        return f"{self.situation}_{self.contender}"

    def median(self, figure: str) -> float:
        """Return the median of a figure over the runs."""
        return median(run[figure] for run in self.runs)


@dataclass(frozen=True)
class Report:
    """Results of a bench; `measure` is the figure shown for every run and as ratios."""

    bench: str
    measure: str
    baselines: Sequence[str]
    note: str
    machine: Mapping[str, Any]
    cases: Sequence[Case]

    def ratio(self, case: Case, baseline: str) -> float:
        """Return the ratio of a case's median to that of a baseline in the same situation."""
        name = f"{case.situation}_{baseline}"
        other = next(other for other in self.cases if other.name == name)
        return round(case.median(self.measure) / other.median(self.measure), 2)

    def ratios(self) -> dict[str, dict[str, float]]:
        """Return the ratios of contenders to baselines, by situation."""
        found: dict[str, dict[str, float]] = {case.situation: {} for case in self.cases}
        for case, baseline in product(self.cases, self.baselines):
            if case.contender != baseline and self._has(case.situation, baseline):
                label = f"{case.contender}_to_{baseline}"
                found[case.situation][label] = self.ratio(case, baseline)
        return found

    def _has(self, situation: str, contender: str) -> bool:
        return any(case.name == f"{situation}_{contender}" for case in self.cases)

    def document(self) -> dict[str, Any]:
        """Return the report as values for JSON."""
        return {
            "bench": self.bench,
            "note": self.note,
            "machine": dict(self.machine),
            "cases": [self._document(case) for case in self.cases],
            "ratios": self.ratios(),
        }

    def _document(self, case: Case) -> dict[str, Any]:
        runs = [run[self.measure] for run in case.runs]
        counts = {name: case.median(name) for name in self._counts()}
        return {
            "name": case.name,
            **case.labels,
            "tool": case.contender,
            self.measure: {"median": median(runs), "runs": runs},
            **counts,
            **({"aims": dict(case.aims)} if case.aims else {}),
            **({"least_ratios": dict(case.least)} if case.least else {}),
        }

    def _counts(self) -> list[str]:
        return [name for name in self.cases[0].runs[0] if name != self.measure]

    def write(self, directory: Path) -> Path:
        """Write the report as JSON and return its path."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.bench}.json"
        path.write_text(json.dumps(self.document(), indent=2) + "\n")
        return path

    def table(self) -> Table:
        """Return the report as a table for the terminal: medians, with their aims."""
        table = Table(title=self.bench, caption=self.note, box=box.SIMPLE, padding=(0, 1, 0, 0))
        figures = [self.measure, *self._counts()]
        ratios = (f"to {baseline}" for baseline in self.baselines)
        for heading in (*self.cases[0].labels, "tool", *figures, *ratios):
            table.add_column(heading.replace("_", " "), justify="right")
        for _, situation in groupby(self.cases, lambda case: case.situation):
            for case in situation:
                table.add_row(*self._row(case, figures))
            table.add_section()
        return table

    def _row(self, case: Case, figures: Iterable[str]) -> Iterator[str]:
        yield from map(str, case.labels.values())
        yield case.contender
        yield from (self._cell(case, figure) for figure in figures)
        yield from (self._ratio_cell(case, baseline) for baseline in self.baselines)

    def _cell(self, case: Case, figure: str) -> str:
        found, aim = case.median(figure), case.aims.get(figure)
        text = _counted(found) if figure != self.measure else f"{found:.2f}"
        return text if aim is None else f"(≤ {aim:g}) {_coloured(text, good=found <= aim)}"

    def _ratio_cell(self, case: Case, baseline: str) -> str:
        if not self._has(case.situation, baseline):
            return ""
        found, aim = self.ratio(case, baseline), case.least.get(baseline)
        text = f"{found:.1f}"
        return (
            text if aim is None else f"(≥ {aim:g}) {_coloured(f'{found:.2f}', good=found >= aim)}"
        )


def _counted(found: float) -> str:
    return f"{found:.3g}" if found < 1000 else f"{found:.0f}"  # noqa: PLR2004 - .3g has exponents


def _coloured(text: str, *, good: bool) -> str:
    return f"[{'green' if good else 'red'}]{text}[/]"


def interleaved(
    cases: Iterable[Case],
    runs: int,
    measure: Callable[[Case], Figures],
    tell: Callable[[str], None],
) -> list[Case]:
    """Measure every case once, then every case again, and return them with their figures."""
    planned = list(cases)
    found: list[list[Figures]] = [[] for _ in planned]
    for number in range(1, runs + 1):
        for case, figures in zip(planned, found, strict=True):
            figures.append(measure(case))
            told = ", ".join(f"{value:g} {name}" for name, value in figures[-1].items())
            tell(f"{number}/{runs} {case.name}: {told}")
    return [
        replace(case, runs=tuple(figures)) for case, figures in zip(planned, found, strict=True)
    ]
