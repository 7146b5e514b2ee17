"""
Checks and their findings.

A `Check` has a stable id; its methods make a `Finding` about one host, one domain or the run.
"""

from dataclasses import KW_ONLY, dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from .bulk import BulkFigures
from .received import ReceivedReports


class Severity(StrEnum):
    """Severity of a finding."""

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


SubjectKind = Literal["host", "domain", "run"]
_NOTHING = "nothing to do: the check has nothing to examine here"


@dataclass(frozen=True)
class Waived:
    """The severity of a finding without its waiver, and the waiver's end and reason."""

    severity: Severity
    until: date
    reason: str

    def __str__(self) -> str:
        return f"{self.severity}, waived until {self.until}: {self.reason}"


@dataclass(frozen=True)
class RecordSeen:
    """A record set on one name server: the values that it should have, if known, and those it has.

    Of the TXT records, it has those of the finding's check.
    """

    name: str
    type: str
    expected: tuple[str, ...]
    found: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """The result of a check for one subject: a host, a domain, or the run itself."""

    id: str
    severity: Severity
    subject: str
    saw: str
    fix: str = ""
    about: SubjectKind = "host"
    waived: Waived | None = None
    record: RecordSeen | None = None
    received: ReceivedReports | None = None
    bulk: BulkFigures | None = None

    @property
    def applies(self) -> bool:
        """Return whether the check had anything to examine."""
        return self.fix != _NOTHING


@dataclass(frozen=True)
class Check:
    """A thing to verify: its question, the source of the rule, why it matters, and the remedy.

    `worst` is the most severe of its findings, apart from unknown. `when_unknown` is the fix if an
    answer does not come. The catalogue (docs/checks.md) is made of these values.
    """

    id: str
    about: SubjectKind
    question: str
    source: str
    _: KW_ONLY
    why: str
    remedy: str
    worst: Severity = Severity.ERROR
    when_unknown: str = ""

    def ok(self, subject: str, saw: str) -> Finding:
        """Return a finding without a problem."""
        return self._finding(Severity.OK, subject, saw, "")

    def info(self, subject: str, saw: str, fix: str) -> Finding:
        """Return a finding that needs no action."""
        return self._finding(Severity.INFO, subject, saw, fix)

    def not_applicable(self, subject: str, saw: str) -> Finding:
        """Return a finding about a subject that has nothing to examine; it does not pass."""
        return self._finding(Severity.INFO, subject, saw, _NOTHING)

    def warning(self, subject: str, saw: str, fix: str) -> Finding:
        """Return a finding about something that works, but not well."""
        return self._finding(Severity.WARNING, subject, saw, fix)

    def error(self, subject: str, saw: str, fix: str) -> Finding:
        """Return a finding about something broken."""
        return self._finding(Severity.ERROR, subject, saw, fix)

    def unknown(self, subject: str, why: str, fix: str) -> Finding:
        """Return a finding without an answer, and why."""
        return self._finding(Severity.UNKNOWN, subject, why, fix)

    def not_checked(self, subject: str, problem: Exception | str) -> Finding:
        """Return unknown, for the problem that kept the check from its answer."""
        return self.unknown(subject, f"not checked: {problem}", self.when_unknown)

    def _finding(self, severity: Severity, subject: str, saw: str, fix: str) -> Finding:
        return Finding(self.id, severity, subject, printable(saw), printable(fix), self.about)


def shortened(text: str, longest: int) -> str:
    """Return a text of at most so many characters, and dots in place of the rest."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def printable(text: str) -> str:
    """Return a text without control characters, which has a sign in place of each."""
    # The text of a foreign server is shown on a terminal and in XML, without control characters.
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
