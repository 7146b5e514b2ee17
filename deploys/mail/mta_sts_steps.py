"""
Steps of an MTA-STS policy by the evidence of TLS reports: `mail_mta_sts = "auto"`.

A policy begins with testing, in which senders report what enforce would stop (RFC 8461 section 5).
It goes on to enforce after enough days and sessions of reports with nearly no failure, and back to
testing if sessions fail. Time alone takes no step.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .report_evidence import (
    BACK_DAYS,
    MOST_FAILING,
    much_fails,
    nearly_all_pass,
    newest_is_late,
)
from .report_store import TlsDay, days_before

POLICY = "sts"  # RFC 8460 section 4.4: the type of the policy that a sender has applied


@dataclass(frozen=True)
class TlsEvidence:
    """Reports on sessions with the hosts of a domain; a step needs so many days and sessions."""

    today: str
    days: int
    sessions: int
    seen: tuple[TlsDay, ...]

    @property
    def lacking(self) -> str:
        """Return what the step to enforce lacks, as the end of a sentence; "" if nothing."""
        seen = self._applied(self.seen)
        days = {one.day for one in seen}
        if newest := newest_is_late(days, self.today):
            return f"TLS reports come in; {newest}"
        failed = sum(one.failures for one in seen)
        total = failed + sum(one.successes for one in seen)
        if len(days) < self.days:
            return f"TLS reports are of {self.days} days, now {len(days)}"
        if total < self.sessions:
            return f"TLS reports are on {self.sessions} sessions, now {total}"
        if not nearly_all_pass(failed, total):
            return f"at most one session of {MOST_FAILING} fails, now {failed} of {total}"
        return ""

    @property
    def harm(self) -> str:
        """Return why enforce harms mail, by the last days, or ""."""
        seen = self._applied(
            one for one in self.seen if one.day >= days_before(self.today, BACK_DAYS)
        )
        failed = sum(one.failures for one in seen)
        total = failed + sum(one.successes for one in seen)
        if not much_fails(failed, total):
            return ""
        return f"{failed} of {total} sessions failed in {BACK_DAYS} days, by TLS reports"

    def _applied(self, seen: Iterable[TlsDay]) -> Collection[TlsDay]:
        return [one for one in seen if one.policy == POLICY]
