"""
Findings and test messages of a run.

Findings and the test messages make a `Report`; it has a verdict, and it can be compared with the
one before it.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum

from .finding import WORST_FIRST, Finding, Severity, SubjectKind


class Verdict(StrEnum):
    """Verdict of a report: unknown is neither passed nor failed."""

    PASSED = "passed"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True)
class Hop:
    """A server that a message passed.

    `tls` is null for a hop that crossed no network, such as local delivery. `seconds` is null if
    the time is unknown. It is whole, from the dates of Received headers; it is exact if the server
    logged `delays`: before the queue, in the queue, to connect, to send.
    """

    name: str
    tls: bool | None
    protocol: str = ""
    queue_id: str = ""
    _: KW_ONLY
    seconds: float | None
    delays: str = ""


@dataclass(frozen=True)
class Message:
    """One test message, with a path such as `mx1 -> visitor@faraway.example`.

    `seconds` is the time from submission to mailbox, or null if it is unknown. `lost_at` is the
    number of the station in the path where a message that did not arrive was last looked for.
    """

    id: str
    path: str
    seconds: float | None
    arrived: bool
    sender: str = ""
    hops: tuple[Hop, ...] = ()
    lost_at: int | None = None


class Trend(StrEnum):
    """Change of a problem since the previous report."""

    NEW = "new"
    WORSE = "worse"
    BETTER = "better"
    GONE = "gone"


@dataclass(frozen=True)
class FindingChange:
    """One difference to the previous report; a severity of None means that nothing was found."""

    turn: Trend
    id: str
    about: SubjectKind
    subject: str
    before: Severity | None
    now: Severity | None
    saw: str = ""


@dataclass(frozen=True)
class Comparison:
    """The changes since an earlier report, or the reason why they are unknown.

    `untold` are changes of earlier runs whose notice could not be sent.
    """

    since: datetime | None = None
    changes: tuple[FindingChange, ...] = ()
    unknown: str = ""
    untold: tuple[FindingChange, ...] = ()


@dataclass(frozen=True)
class MailHost:
    """A mail host of the run: its names, its addresses, and the domains that it serves."""

    name: str
    hostname: str
    addresses: tuple[str, ...]
    domains: tuple[str, ...]


@dataclass(frozen=True)
class PastRun:
    """The figures of one run: its findings by severity, its messages, and the slowest of them."""

    started: datetime
    verdict: Verdict
    seconds: float
    errors: int
    unknown: int
    warnings: int
    sent: int
    arrived: int
    slowest: float | None


@dataclass(frozen=True)
class Report:
    """Everything that one verification saw.

    `limits` are the reasons why it is partial, and `not_asked` the ids of the checks that were left
    out. `mailed` is true if messages were sent. A finding as severe as `fails_at` fails the run.
    """

    findings: tuple[Finding, ...]
    messages: tuple[Message, ...]
    changes: Mapping[str, int]
    started: datetime
    seconds: float
    name: str = ""
    limits: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    mailed: bool = True
    fails_at: Severity = Severity.ERROR
    comparison: Comparison = Comparison()
    hosts: tuple[MailHost, ...] = ()
    history: tuple[PastRun, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Return failed for any error, else unknown if a question stayed open, else passed."""
        severities = {finding.severity for finding in self.findings}
        if Severity.ERROR in severities:
            return Verdict.FAILED
        if Severity.UNKNOWN in severities or not self.answered:
            return Verdict.UNKNOWN
        return Verdict.PASSED

    @property
    def answered(self) -> bool:
        """Return whether a message arrived, or, without messages, any check passed."""
        if self.mailed:
            return self.delivered
        return any(not finding.id.startswith("run.") for finding in self.having(Severity.OK))

    @property
    def delivered(self) -> bool:
        """Return whether any mail was seen to arrive."""
        return any(message.arrived for message in self.messages)

    @property
    def succeeded(self) -> bool:
        """Return whether the run succeeds: no finding is too severe, and a check had an answer."""
        too_bad = WORST_FIRST[: WORST_FIRST.index(self.fails_at) + 1]
        return not set(too_bad) & {one.severity for one in self.findings} and self.answered

    def having(self, *severities: Severity) -> tuple[Finding, ...]:
        """Return the findings of these severities."""
        return tuple(finding for finding in self.findings if finding.severity in severities)
