"""
What checks say.

A `Question` has a stable id and knows what it is about; asking it yields a `Finding`. Findings and
the test messages make a `Report`, and the report has a verdict.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What a report comes to: unknown is neither passed nor failed."""

    PASSED = "passed"
    UNKNOWN = "unknown"
    FAILED = "failed"


Subject = Literal["host", "domain"]


@dataclass(frozen=True)
class Finding:
    """The answer to one question about one host or domain."""

    id: str
    severity: Severity
    subject: str
    saw: str
    fix: str = ""
    about: Subject = "host"


@dataclass(frozen=True)
class Question:
    """What a check asks, the rule that it comes from, why it matters, and how to mend it.

    `worst` is the most severe of its answers, unknown aside. The catalogue (docs/checks.md) is
    made of this.
    """

    id: str
    about: Subject
    asks: str
    source: str
    _: KW_ONLY
    why: str
    remedy: str
    worst: Severity = Severity.ERROR

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

    def _answer(self, severity: Severity, subject: str, saw: str, fix: str) -> Finding:
        return Finding(self.id, severity, subject, _printable(saw), _printable(fix), self.about)


def _printable(text: str) -> str:
    # What a stranger's server says ends on a terminal and in XML: control characters stay outside.
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


@dataclass(frozen=True)
class Message:
    """What came of one test message; the path reads `mx1 -> visitor@faraway.example`."""

    id: str
    path: str
    seconds: float | None
    arrived: bool
    sender: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that one verification saw."""

    findings: tuple[Finding, ...]
    messages: tuple[Message, ...]
    changes: Mapping[str, int]
    started: datetime
    seconds: float
    name: str = ""

    @property
    def verdict(self) -> Verdict:
        """Return failed for any error, else unknown if a question stayed open, else passed."""
        severities = {finding.severity for finding in self.findings}
        if Severity.ERROR in severities:
            return Verdict.FAILED
        if Severity.UNKNOWN in severities or not self.delivered:
            return Verdict.UNKNOWN
        return Verdict.PASSED

    @property
    def delivered(self) -> bool:
        """Return whether any mail was seen to arrive."""
        return any(message.arrived for message in self.messages)

    @property
    def succeeded(self) -> bool:
        """Return whether a run may end well: nothing is broken, and mail was really delivered."""
        return self.verdict is not Verdict.FAILED and self.delivered

    def having(self, *severities: Severity) -> tuple[Finding, ...]:
        """Return the findings of these severities."""
        return tuple(finding for finding in self.findings if finding.severity in severities)
