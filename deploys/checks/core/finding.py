"""
What checks say.

A `Check` has a stable id and knows what it is about; asking it yields a `Finding`.
"""

from dataclasses import KW_ONLY, dataclass
from datetime import date
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    WAIVED = "waived"


WORST_FIRST = (
    Severity.ERROR,
    Severity.UNKNOWN,
    Severity.WARNING,
    Severity.WAIVED,
    Severity.INFO,
    Severity.OK,
)


Subject = Literal["host", "domain", "run"]


@dataclass(frozen=True)
class Waived:
    """What a finding would be, had the operator not waived it until a day, for a reason."""

    severity: Severity
    until: date
    reason: str

    def __str__(self) -> str:
        return f"{self.severity}, waived until {self.until}: {self.reason}"


@dataclass(frozen=True)
class Finding:
    """The answer to one question about one host, one domain, or the run itself."""

    id: str
    severity: Severity
    subject: str
    saw: str
    fix: str = ""
    about: Subject = "host"
    waived: Waived | None = None


@dataclass(frozen=True)
class Check:
    """What a check asks, the rule that it comes from, why it matters, and how to mend it.

    `worst` is the most severe of its answers, unknown aside. `when_unknown` is the fix where an
    answer does not come. The catalogue (docs/checks.md) is made of this.
    """

    id: str
    about: Subject
    question: str
    source: str
    _: KW_ONLY
    why: str
    remedy: str
    worst: Severity = Severity.ERROR
    when_unknown: str = ""

    def ok(self, subject: str, saw: str) -> Finding:
        """Answer that all is as it should be."""
        return self._answer(Severity.OK, subject, saw, "")

    def info(self, subject: str, saw: str, fix: str) -> Finding:
        """Answer with something worth knowing that needs no action."""
        return self._answer(Severity.INFO, subject, saw, fix)

    def warning(self, subject: str, saw: str, fix: str) -> Finding:
        """Answer with something that works, but not well."""
        return self._answer(Severity.WARNING, subject, saw, fix)

    def error(self, subject: str, saw: str, fix: str) -> Finding:
        """Answer with something broken."""
        return self._answer(Severity.ERROR, subject, saw, fix)

    def unknown(self, subject: str, why: str, fix: str) -> Finding:
        """Say why the question could not be asked."""
        return self._answer(Severity.UNKNOWN, subject, why, fix)

    def not_checked(self, subject: str, problem: Exception | str) -> Finding:
        """Return unknown, with the problem that kept the check from an answer."""
        return self.unknown(subject, f"not checked: {problem}", self.when_unknown)

    def _answer(self, severity: Severity, subject: str, saw: str, fix: str) -> Finding:
        return Finding(self.id, severity, subject, _printable(saw), _printable(fix), self.about)


def _printable(text: str) -> str:
    # What a stranger's server says ends on a terminal and in XML: control characters stay outside.
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
