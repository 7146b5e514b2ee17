"""The report as one HTML page, without scripts, other files, or network."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..causes.causes import PROBLEMS
from ..causes.problems import problems
from ..core.finding import WORST_FIRST, Check, Finding, Severity, SubjectKind
from ..core.report import Message, Report
from ..report.summary import (
    change_line,
    changes,
    headline,
    news,
    number,
    scope,
    severity_counts,
    span,
)
from .timeline import hop_bars, in_clear_text


@dataclass(frozen=True)
class Row:
    """The findings of one check, subject and severity."""

    check: Check
    severity: Severity
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Card:
    """One subject with its rows."""

    subject: str
    severity: Severity
    rows: tuple[Row, ...]

    @property
    def count(self) -> str:
        """Return the numbers of checks and findings."""
        findings = sum(len(row.findings) for row in self.rows)
        checks = len({row.check for row in self.rows})
        return f"{number(checks, 'check')}, {number(findings, 'finding')}"


def render(report: Report, checks: Mapping[str, Check], slow: float) -> str:
    """
    Return the report as an HTML document.

    + checks: every check of the report by its id, in the order of the report
    + slow: seconds; a message that took longer is shown with its hops
    """
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        headline=headline(report),
        figures=_figures(report),
        counts=_counts(report),
        notes=[note for note in (scope(report), news(report)) if note],
        news=[change_line(change) for change in report.comparison.changes],
        problems=[(one, checks[one.ids[0]]) for one in problems(report.having(*PROBLEMS))],
        waived=report.having(Severity.WAIVED),
        longest=max((len(_stations(one)[-1]) for one in report.messages), default=0),
        paths=[
            (one, _stations(one), hop_bars(one), in_clear_text(one) or (one.seconds or 0) > slow)
            for one in report.messages
        ],
        slowest=max((one.seconds or 0 for one in report.messages), default=0) or 1,
        groups=[
            (title, cards)
            for title, about in _GROUPS.items()
            if (cards := list(_cards(report.findings, about, checks)))
        ],
        not_asked=[checks[id_] for id_ in report.not_asked],
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_GROUPS: dict[str, SubjectKind] = {"Domains": "domain", "Hosts": "host", "Waivers": "run"}


def _figures(report: Report) -> Iterator[tuple[str, str, str]]:
    delivered = sum(message.arrived for message in report.messages)
    count = f"{delivered} of {len(report.messages)}" if report.mailed else "none sent"
    yield "Messages delivered", count, span(report.messages)
    total = sum(report.changes.values())
    yield "Changed by the run", str(total), changes(report.changes) or "hosts and zones"
    yield "Duration", f"{report.seconds:.1f} s", "checks run in parallel"


def _counts(report: Report) -> list[tuple[Severity, int]]:
    counts = severity_counts(report)
    return [(severity, counts[severity]) for severity in WORST_FIRST if counts[severity]]


def _cards(
    findings: Iterable[Finding], about: SubjectKind, checks: Mapping[str, Check]
) -> Iterator[Card]:
    of_kind = sorted((one for one in findings if one.about == about), key=lambda one: one.subject)
    for subject, group in groupby(of_kind, lambda one: one.subject):
        rows = tuple(_rows(tuple(group), checks))
        yield Card(subject, min((row.severity for row in rows), key=WORST_FIRST.index), rows)


def _rows(findings: Iterable[Finding], checks: Mapping[str, Check]) -> Iterator[Row]:
    order = tuple(checks)
    ranked = sorted(
        findings, key=lambda one: (order.index(one.id), WORST_FIRST.index(one.severity))
    )
    for (id_, severity), group in groupby(ranked, lambda one: (one.id, one.severity)):
        yield Row(checks[id_], severity, tuple(group))


def _stations(message: Message) -> list[str]:
    return message.path.split(" -> ")
