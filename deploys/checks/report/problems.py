"""Problems of a report: the findings of one subject that have the same fix."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, Severity
from ..core.report import Report


@dataclass(frozen=True)
class Problem:
    """Findings with one subject and fix: the ids of their checks, and what was seen."""

    severity: Severity
    subject: str
    fix: str
    ids: tuple[str, ...]
    saw: tuple[str, ...]


def problems(report: Report, *severities: Severity) -> list[Problem]:
    """Return the problems, the worst first; equals stay in the order of the report."""
    together: dict[tuple[Severity, str, str], list[Finding]] = {}
    for finding in report.having(*severities):
        together.setdefault((finding.severity, finding.subject, finding.fix), []).append(finding)
    found = [
        Problem(*key, _once(one.id for one in findings), _once(one.saw for one in findings))
        for key, findings in together.items()
    ]
    return sorted(found, key=lambda problem: WORST_FIRST.index(problem.severity))


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
