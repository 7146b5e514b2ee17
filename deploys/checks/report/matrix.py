"""Matrix of domains and hosts by area: the worst severity of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, Severity, SubjectKind
from ..core.report import Report

AREAS = ("dns", "smtp", "delivery", "host", "bulk", "reputation", "reports")
_KINDS: tuple[SubjectKind, ...] = ("domain", "host")


@dataclass(frozen=True)
class MatrixRow:
    """A domain or host, and the worst severity in each area that has one."""

    about: SubjectKind
    subject: str
    severities: Mapping[str, Severity]


@dataclass(frozen=True)
class Matrix:
    """Rows of domains, then of hosts, and the areas that any of them has."""

    rows: Sequence[MatrixRow] = ()

    @property
    def areas(self) -> Sequence[str]:
        """Return the columns."""
        found = {area for row in self.rows for area in row.severities}
        return [area for area in AREAS if area in found]


def matrix(report: Report) -> Matrix:
    """Return the matrix of a report; without checks it has no rows."""
    found: dict[tuple[SubjectKind, str], dict[str, list[Severity]]] = {}
    for one in report.findings:
        if one.applies and one.about in _KINDS:
            areas = found.setdefault((one.about, one.subject), {})
            areas.setdefault(_area(one), []).append(one.severity)
    rows = [
        MatrixRow(*key, {area: _worst(severities) for area, severities in areas.items()})
        for key, areas in found.items()
    ]
    return Matrix(sorted(rows, key=lambda row: (_KINDS.index(row.about), row.subject)))


def _area(finding: Finding) -> str:
    family = finding.id.partition(".")[0]
    return family if family in AREAS else "host"  # run.host, run.tidied


def _worst(severities: Iterable[Severity]) -> Severity:
    return min(severities, key=WORST_FIRST.index)
