"""What needs attention: findings about one subject that one remedy mends stand together."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, Severity
from ..core.report import Report


@dataclass(frozen=True)
class Problem:
    """Something to mend: what was seen, by which checks, and how to mend it."""

    severity: Severity
    subject: str
    fix: str
    ids: tuple[str, ...]
    saw: tuple[str, ...]


def problems(report: Report, *severities: Severity) -> list[Problem]:
    """Return what needs attention, the worst first, and the cheapest to ask first among equals."""
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
