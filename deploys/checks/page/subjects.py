"""Hosts and domains of a report: one card for each, with a row for each check and severity."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from ..core.finding import WORST_FIRST, Check, Finding, Severity, SubjectKind
from ..core.report import Report
from ..report.summary import number

_TITLES: dict[str, SubjectKind] = {"Domains": "domain", "Hosts": "host", "Waivers": "run"}
RowKey = tuple[SubjectKind, str, str, Severity]


@dataclass(frozen=True)
class Row:
    """The findings of one check, subject and severity, with the id of their place in the page."""

    anchor: str
    check: Check
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def applies(self) -> bool:
        """Return whether the check had anything to examine."""
        return any(one.applies for one in self.findings)


@dataclass(frozen=True)
class Card:
    """One subject with its rows, and the names that a reader may filter by."""

    anchor: str
    subject: str
    severity: Severity
    rows: tuple[Row, ...]
    names: tuple[str, ...]

    @property
    def count(self) -> str:
        """Return the numbers of checks and findings."""
        findings = sum(len(row.findings) for row in self.rows)
        checks = len({row.check for row in self.rows})
        return f"{number(checks, 'check')}, {number(findings, 'finding')}"


@dataclass(frozen=True)
class Subjects:
    """The cards in groups, and the places of findings and subjects in the page."""

    groups: tuple[tuple[str, tuple[Card, ...]], ...]
    rows: Mapping[RowKey, str]
    cards: Mapping[tuple[SubjectKind, str], str]

    def row_of(self, finding: Finding) -> str:
        """Return the id of a finding's row."""
        return self.rows[_key(finding)]


def subjects(report: Report, checks: Mapping[str, Check]) -> Subjects:
    """Return a card for each host and domain of a report, and for each waiver."""
    groups: list[tuple[str, tuple[Card, ...]]] = []
    rows: dict[RowKey, str] = {}
    places: dict[tuple[SubjectKind, str], str] = {}
    for title, about in _TITLES.items():
        if cards := tuple(_cards(report, about, checks)):
            groups.append((title, cards))
            places |= {(about, card.subject): card.anchor for card in cards}
            rows |= {_key(row.findings[0]): row.anchor for card in cards for row in card.rows}
    return Subjects(tuple(groups), rows, places)


def related(report: Report, *names: str) -> tuple[str, ...]:
    """Return names with the hosts of the domains, and the domains of the hosts, among them."""
    found = dict.fromkeys(names)
    for host in report.hosts:
        if host.name in names:
            found |= dict.fromkeys(host.domains)
        if set(host.domains) & set(names):
            found[host.name] = None
    return tuple(found)


def _cards(report: Report, about: SubjectKind, checks: Mapping[str, Check]) -> Iterator[Card]:
    of_kind = [one for one in report.findings if one.about == about]
    ranked = sorted(of_kind, key=lambda one: one.subject)
    for number_, (subject, group) in enumerate(groupby(ranked, lambda one: one.subject), 1):
        anchor = f"{about}-{number_}"
        rows = tuple(_rows(tuple(group), anchor, checks))
        severities = [row.severity for row in rows if row.applies]
        worst = min(severities, key=WORST_FIRST.index, default=Severity.OK)
        yield Card(anchor, subject, worst, rows, related(report, subject))


def _rows(findings: Iterable[Finding], card: str, checks: Mapping[str, Check]) -> Iterator[Row]:
    order = {id_: place for place, id_ in enumerate(checks)}
    ranked = sorted(findings, key=lambda one: (order[one.id], WORST_FIRST.index(one.severity)))
    grouped = groupby(ranked, lambda one: (one.id, one.severity))
    for number_, ((id_, severity), group) in enumerate(grouped, 1):
        yield Row(f"{card}-{number_}", checks[id_], severity, tuple(group))


def _key(finding: Finding) -> RowKey:
    return finding.about, finding.subject, finding.id, finding.severity
