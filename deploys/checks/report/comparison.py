"""
Comparison with the previous report.

For each check and subject, the worst severity is compared. The text of a finding can differ in
every run, and is not compared.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.finding import WORST_FIRST, Finding, Severity, SubjectKind
from ..core.report import Comparison, FindingChange, Report, Trend
from .data import ReportDocument

FindingKey = tuple[str, SubjectKind, str]
_PROBLEMS = (Severity.ERROR, Severity.UNKNOWN, Severity.WARNING, Severity.WAIVED)
_LONGEST = 10_000_000  # octets of a report


def compared(report: Report, previous: Path) -> Comparison:
    """Compare with the report in a file; without a file the comparison is empty."""
    try:
        before = read(previous)
    except FileNotFoundError:
        return Comparison()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a report of pyinfra-mail"
        return Comparison(unknown=f"the previous report {previous} cannot be read: {reason}")
    if before.limits != report.limits:
        return Comparison(unknown=f"the previous report {previous} has other limits")
    changes = tuple(_changes(_worst(before.findings), _worst(report.findings)))
    return Comparison(before.started, changes, untold=before.comparison.untold)


def read(path: Path) -> ReportDocument:
    """Return the report in a file; raise OSError, or ValueError if it is no report."""
    if path.stat().st_size > _LONGEST:
        raise ValueError
    return ReportDocument.model_validate_json(path.read_bytes())


def _changes(
    before: dict[FindingKey, tuple[Severity, str]], now: dict[FindingKey, tuple[Severity, str]]
) -> Iterator[FindingChange]:
    for key in dict.fromkeys((*now, *before)):
        old, new = before.get(key), now.get(key)
        if turn := _turn(old and old[0], new and new[0]):
            saw = (new or old or (None, ""))[1]
            yield FindingChange(turn, *key, old and old[0], new and new[0], saw)


def _turn(before: Severity | None, now: Severity | None) -> Trend | None:
    was, is_ = before in _PROBLEMS, now in _PROBLEMS
    if was != is_:
        return Trend.NEW if is_ else Trend.GONE
    if not was or before is None or now is None or before is now:
        return None
    return Trend.WORSE if WORST_FIRST.index(now) < WORST_FIRST.index(before) else Trend.BETTER


def _worst(findings: Iterable[Finding]) -> dict[FindingKey, tuple[Severity, str]]:
    worst: dict[FindingKey, tuple[Severity, str]] = {}
    for one in findings:
        known = worst.setdefault((one.id, one.about, one.subject), (one.severity, one.saw))
        if WORST_FIRST.index(one.severity) < WORST_FIRST.index(known[0]):
            worst[one.id, one.about, one.subject] = (one.severity, one.saw)
    return worst
