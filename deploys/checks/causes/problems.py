"""Problems: findings with the same fix, or with the same fact about several subjects."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, Severity
from .facts import Fact, facts

# The name of a run, and of a message in it.
_MESSAGE = re.compile(r"\b[0-9a-f]{12}(?:-\d+)?\b")


@dataclass(frozen=True)
class Problem:
    """Findings that have one remedy; a fact about several subjects is one problem too."""

    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """Return the severity that its findings have in common."""
        return self.findings[0].severity

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return the hosts or domains that it is about."""
        return _once(one.subject for one in self.findings)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of its checks."""
        return _once(one.id for one in self.findings)

    @property
    def fixes(self) -> tuple[str, ...]:
        """Return its remedies: one for each subject, at most."""
        first = {(one.subject, _pattern(one.fix)): one.fix for one in reversed(self.findings)}
        return _once(first[one.subject, _pattern(one.fix)] for one in self.findings)

    @property
    def saw(self) -> tuple[Fact, ...]:
        """Return the facts."""
        return facts(one.saw for one in self.findings)


def problems(findings: Iterable[Finding]) -> list[Problem]:
    """Return the problems, the worst first; equals stay in the order of the findings."""
    by_remedy: dict[object, list[Finding]] = {}
    for one in findings:
        by_remedy.setdefault((one.severity, one.subject, _pattern(one.fix)), []).append(one)
    by_fact: dict[object, list[Finding]] = {}
    for group in by_remedy.values():
        by_fact.setdefault(_shape(group), []).extend(group)
    found = [Problem(tuple(group)) for group in by_fact.values()]
    return sorted(found, key=lambda problem: WORST_FIRST.index(problem.severity))


def _pattern(fix: str) -> str:
    """Return a remedy without the names of messages, which differ in every finding."""
    return _MESSAGE.sub("*", fix)


def _shape(group: list[Finding]) -> tuple[object, ...]:
    """Return what a problem has in common with the same one of another subject."""
    first = group[0]
    texts = frozenset(
        (one.id, _without(fact.text, one.subject)) for one in group for fact in facts([one.saw])
    )
    return first.severity, first.about, _without(_pattern(first.fix), first.subject), texts


def _without(text: str, subject: str) -> str:
    return re.sub(rf"(?<![\w-]){re.escape(subject)}(?![\w-])", "*", text)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
