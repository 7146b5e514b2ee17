"""Matrix of domains and hosts by area: the worst severity of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, Severity, SubjectKind
from ..core.report import Report

AREAS = ("dns", "smtp", "delivery", "host", "reputation")
_KINDS: tuple[SubjectKind, ...] = ("domain", "host")


@dataclass(frozen=True)
class MatrixRow:
    """A domain or host, and the worst severity in each area that has one."""

    about: SubjectKind
    subject: str
    severities: Mapping[str, Severity]


def matrix(report: Report) -> list[MatrixRow]:
    """Return a row for each domain, then for each host; without checks there is none."""
    found: dict[tuple[SubjectKind, str], dict[str, list[Severity]]] = {}
    for one in report.findings:
        if one.applies and one.about in _KINDS:
            areas = found.setdefault((one.about, one.subject), {})
            areas.setdefault(_area(one), []).append(one.severity)
    rows = [
        MatrixRow(*key, {area: _worst(severities) for area, severities in areas.items()})
        for key, areas in found.items()
    ]
    return sorted(rows, key=lambda row: (_KINDS.index(row.about), row.subject))


def _area(finding: Finding) -> str:
    family = finding.id.partition(".")[0]
    return family if family in AREAS else "host"  # run.host, run.tidied


def _worst(severities: Iterable[Severity]) -> Severity:
    return min(severities, key=WORST_FIRST.index)
