"""Figures of the reports that others send: for the page and the JSON of a report."""

from dataclasses import dataclass
from typing import Literal

from ...mail.report_store import FailureSum


@dataclass(frozen=True)
class ReportedDay:
    """Messages or sessions of one day that passed, and that failed."""

    day: str
    passed: int
    failed: int


@dataclass(frozen=True)
class ReportedSource:
    """Messages of one address in the name of a domain; an empty address stands for several.

    `own` is true for an address of a mail host. `dkim` and `spf` are aligned messages, `stopped`
    those that receivers quarantined or rejected, and `last` is the last day.
    """

    address: str
    own: bool
    messages: int
    dkim: int
    spf: int
    failed: int
    stopped: int
    last: str


@dataclass(frozen=True)
class ReceivedReports:
    """The figures of one domain: mail in its name (`dmarc`), or TLS with its hosts (`tls`)."""

    kind: Literal["dmarc", "tls"]
    days: tuple[ReportedDay, ...] = ()
    senders: tuple[str, ...] = ()  # of the reports
    sources: tuple[ReportedSource, ...] = ()
    failures: tuple[FailureSum, ...] = ()

    @property
    def passed(self) -> int:
        """Return how many messages or sessions passed on all days."""
        return sum(one.passed for one in self.days)

    @property
    def failed(self) -> int:
        """Return how many failed."""
        return sum(one.failed for one in self.days)
