"""
Tables of docs/figures.md, made of the reports that the benches write.

`python -m scripts.benches.page` copies the reports of reports/bench to docs/figures and writes the
tables of the page anew. Each has its place in the page between two comments with its bench's name.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .instruments.command import ROOT

PAGE = ROOT / "docs" / "figures.md"
KEPT = ROOT / "docs" / "figures"
MADE = ROOT / "reports" / "bench"
PLACE = re.compile(r"(<!-- ([a-z]+)\.json -->\n).*?(<!-- end -->)", re.DOTALL)
_OWN = {"name", "tool", "aims", "least_ratios"}  # values of a case that have no column of their own
Document = Mapping[str, Any]


def main() -> None:
    """Take the newest reports over, and write the page."""
    KEPT.mkdir(exist_ok=True)
    for report in MADE.glob("*.json"):
        _keep(report)
    PAGE.write_text(written(PAGE.read_text()))


def _keep(report: Path) -> None:
    """Copy a report without what names the machine's kernel."""
    document = json.loads(report.read_text())
    document["machine"].pop("kernel", None)
    (KEPT / report.name).write_text(json.dumps(document, indent=2) + "\n")


def written(page: str) -> str:
    """Return the page with each table made of its report, where there is one."""
    return PLACE.sub(lambda found: found[1] + _made(found[2]) + found[3], page)


def _made(bench: str) -> str:
    report = KEPT / f"{bench}.json"
    if not report.exists():
        return f"No report of `scripts/bench {bench}` is kept yet.\n"
    return "\n".join(lines(json.loads(report.read_text()))) + "\n"


def lines(report: Document) -> Iterator[str]:
    """Yield a report as Markdown: its conditions, and a row for each case."""
    yield _conditions(report["machine"])
    yield ""
    cases = report["cases"]
    columns = [name for name in cases[0] if name not in _OWN]
    rows = [
        [case["name"].replace("_", " "), *(_cell(case, one) for one in columns)] for case in cases
    ]
    headings = ["", *(name.replace("_", " ") for name in columns)]
    if any(ratios := [_ratios(report, case) for case in cases]):
        headings.append("ratio")
        rows = [[*row, one] for row, one in zip(rows, ratios, strict=True)]
    yield _row(headings)
    yield _row(["---"] * len(headings))
    yield from map(_row, rows)


def _conditions(machine: Document) -> str:
    place = ", ".join(str(machine[one]) for one in ("host", "system") if machine.get(one))
    return (
        f"Measured on {machine['date'][:10]} at commit {machine.get('commit', 'unknown')}: "
        f"{machine['cores']} cores, load {machine['load']:g} before, {place}."
    )


def _cell(case: Document, column: str) -> str:
    found, aim = case[column], case.get("aims", {}).get(column)
    if isinstance(found, str):
        return found
    number = found["median"] if isinstance(found, Mapping) else found
    text = str(number) if isinstance(number, int) else f"{number:g}"
    return text if aim is None else f"{text} (aim: {aim:g})"


def _ratios(report: Document, case: Document) -> str:
    situation = case["name"].removesuffix(f"_{case['tool']}")
    own = f"{case['tool']}_to_"
    found = report["ratios"].get(situation, {})
    least = case.get("least_ratios", {})
    return ", ".join(
        f"to {name.removeprefix(own)} {ratio:g}" + _aim(least.get(name.removeprefix(own)))
        for name, ratio in found.items()
        if name.startswith(own)
    )


def _aim(least: float | None) -> str:
    return "" if least is None else f" (aim: {least:g})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
