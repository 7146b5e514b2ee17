"""Causes of a report: problems that explain others, in the order of their damage."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..core.finding import WORST_FIRST, Finding, Severity
from ..core.report import Report
from .damage import Damage, damage
from .problems import Problem, problems
from .relations import RELATIONS, Relation

PROBLEMS = (Severity.ERROR, Severity.UNKNOWN, Severity.WARNING)


@dataclass(frozen=True)
class Cause:
    """A problem, and the findings that follow from it."""

    problem: Problem
    effects: tuple[Finding, ...]

    @property
    def damage(self) -> Damage:
        """Return the greatest damage of the problem and of what follows from it."""
        return min(map(damage, (*self.problem.findings, *self.effects)))

    @property
    def worst(self) -> Severity:
        """Return the worst severity of the problem and of what follows from it."""
        severities = {one.severity for one in (*self.problem.findings, *self.effects)}
        return min(severities, key=WORST_FIRST.index)

    @property
    def explained(self) -> str:
        """Return the checks and subjects of the findings that follow, in words."""
        checks: dict[str, dict[str, None]] = {}
        for one in self.effects:
            checks.setdefault(one.subject, {})[one.id] = None
        listed = "; ".join(f"{', '.join(ids)} of {subject}" for subject, ids in checks.items())
        count = len(self.effects)
        return f"{count} other finding{'' if count == 1 else 's'}: {listed}" if count else ""


def causes(report: Report) -> list[Cause]:
    """Return the causes of everything that did not pass, the greatest damage first."""
    found = report.having(*PROBLEMS)
    roots = _roots(found, _names(report))
    effects: dict[int, list[Finding]] = {}
    for index, root in roots.items():
        if root != index:
            effects.setdefault(root, []).append(found[index])
    numbers = {id(one): index for index, one in enumerate(found)}
    grouped = [
        Cause(
            problem,
            tuple(one for own in problem.findings for one in effects.get(numbers[id(own)], ())),
        )
        for problem in problems(found[index] for index, root in roots.items() if root == index)
    ]
    return sorted(grouped, key=_order)


def notes(report: Report) -> list[Problem]:
    """Return the findings that need no action, without those that do not apply."""
    return problems(one for one in report.having(Severity.INFO) if one.applies)


def _order(cause: Cause) -> tuple[int, int, int]:
    return WORST_FIRST.index(cause.worst), cause.damage, -len(cause.effects)


def _names(report: Report) -> dict[str, tuple[str, ...]]:
    """Return the names of each host in findings: of the inventory, and in the DNS."""
    return {host.name: (host.name, host.hostname) for host in report.hosts}


def _roots(found: Sequence[Finding], names: Mapping[str, tuple[str, ...]]) -> dict[int, int]:
    """Return the first cause of each finding: itself, if no other explains it."""
    by_check: dict[str, list[int]] = {}
    for index, one in enumerate(found):
        if one.severity in (Severity.ERROR, Severity.UNKNOWN):
            by_check.setdefault(one.id, []).append(index)
    parents = {
        index: next(_explanations(index, found, by_check, names), index)
        for index in range(len(found))
    }
    return {index: _root(index, parents) for index in parents}


def _explanations(
    index: int,
    found: Sequence[Finding],
    by_check: Mapping[str, list[int]],
    names: Mapping[str, tuple[str, ...]],
) -> Iterator[int]:
    effect = found[index]
    for relation in RELATIONS:
        if _may_follow(effect, relation):
            for other in by_check.get(relation.cause, ()):
                if other != index and _explains(found[other], effect, relation, names):
                    yield other


def _root(index: int, parents: Mapping[int, int]) -> int:
    """Follow the causes to the first; a circle has none, and its findings stay on their own."""
    seen = [index]
    while (parent := parents[seen[-1]]) != seen[-1]:
        if parent in seen:
            return index
        seen.append(parent)
    return seen[-1]


def _may_follow(effect: Finding, relation: Relation) -> bool:
    return any(fnmatchcase(effect.id, one) for one in relation.effects) and bool(
        re.search(relation.says, effect.saw)
    )


def _explains(
    cause: Finding, effect: Finding, relation: Relation, names: Mapping[str, tuple[str, ...]]
) -> bool:
    seen = re.search(relation.seen, cause.saw)
    same = (cause.about, cause.subject) == (effect.about, effect.subject)
    if not seen or not (same or relation.anywhere):
        return False
    if key := seen.groupdict().get("key"):
        return _mentions(effect.saw, key)
    return same or any(
        _mentions(effect.saw, name) for name in names.get(cause.subject, (cause.subject,))
    )


def _mentions(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w-]|[.:]\w)", text))
