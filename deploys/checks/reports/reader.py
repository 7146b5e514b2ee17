"""Reader of a host: it reads the messages that arrive, and can read the reports in them."""

from ...mail import paths
from ...mail.report_store import ReportRefusal, ReportSums
from ...mail.units import REPORTS
from ..core.finding import Check, Finding, Severity

READER = Check(
    "reports.reader",
    "host",
    "Does the host read the reports that arrive?",
    "RFC 9990; RFC 8460",
    why="Reports that nobody reads show no forgery and no broken TLS, and keep policies as they "
    "are.",
    remedy="See `journalctl -u pyinfra-mail-reports`, and the messages in "
    f"`{paths.REPORT_MAIL}/unread`.",
    worst=Severity.WARNING,
    when_unknown="fix run.host first",
)
_LATE = 900  # seconds
_RECENT = 7 * 86_400
_LONGEST = 300  # characters


def reader(name: str, sums: ReportSums, now: float) -> Finding:
    """Check that no message waits, and that verified reports could be read."""
    recent = [one for one in sums.refusals if now - one.time < _RECENT]
    invalid = [one for one in recent if one.report]
    waits = now - sums.oldest if sums.waiting else 0.0
    if waits > _LATE:
        saw = f"{name}: messages that wait: {sums.waiting}, the oldest for {waits / 3600:.1f} h"
        return READER.warning(name, saw, f"see `journalctl -u {REPORTS}`, then restart it")
    if invalid:
        count, why = len(invalid), _why(invalid[0])
        saw = f"{name}: reports that could not be read in 7 days: {count}, as {why}"
        fix = f"look at {paths.REPORT_MAIL}/unread/{invalid[0].name}; tell its sender, or delete it"
        return READER.warning(name, saw, fix)
    others = f"; other messages kept: {len(recent)}, as {_why(recent[0])}" if recent else ""
    return READER.ok(name, f"{name}: every report that arrived has been read{others}")


def _why(refusal: ReportRefusal) -> str:
    return refusal.reason[:_LONGEST]
