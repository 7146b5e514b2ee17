"""Summary of a report: verdict, figures, scope, and differences to the previous report."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ..causes.causes import Cause
from ..core.finding import Severity
from ..core.report import FindingChange, Message, Report, Trend, Verdict

_WITHOUT_MESSAGES = {
    Verdict.PASSED: "All checks passed.",
    Verdict.UNKNOWN: "Some checks are unknown.",
}
_COUNTED = {
    Severity.ERROR: ("error", "errors"),
    Severity.UNKNOWN: ("unknown", "unknown"),
    Severity.WARNING: ("warning", "warnings"),
    Severity.WAIVED: ("waived", "waived"),
    Severity.OK: ("check passed", "checks passed"),
    Severity.INFO: ("note", "notes"),
}


def headline(report: Report) -> str:
    """Return the verdict as a sentence."""
    if report.mailed and not report.delivered:
        return "No test message was delivered."
    if report.verdict is Verdict.FAILED:
        return "Mail does not work as it should."
    if not report.mailed:
        return _WITHOUT_MESSAGES[report.verdict]
    return {
        Verdict.PASSED: "Mail is delivered.",
        Verdict.UNKNOWN: "Mail is delivered, but some checks are unknown.",
    }[report.verdict]


def summary(report: Report) -> str:
    """Return the figures: messages, findings by severity, and changes of the run."""
    sent = messages(report.messages) if report.mailed else "No test message sent"
    return f"{sent}. {_findings(report) or 'No check made'}. {_changed(report.changes)}."


def cause_count(causes: Sequence[Cause]) -> str:
    """Return the number of causes, and of the findings that they explain."""
    explained = sum(len(cause.effects) for cause in causes)
    verb = "explains" if len(causes) == 1 else "explain"
    if not explained:
        return ""
    return f"{number(len(causes), 'cause')} {verb} {number(explained, 'other finding')}."


def reported(report: Report) -> str:
    """Return how much mail in our name passed DMARC, by the reports of receivers, or ""."""
    found = [one.received for one in report.findings if one.received]
    mail = [one for one in found if one.kind == "dmarc"]
    passed, failed = sum(one.passed for one in mail), sum(one.failed for one in mail)
    if not passed + failed:
        return ""
    return f"Receivers report that {passed:,} of {passed + failed:,} messages passed DMARC."


def bulk(report: Report) -> Iterator[str]:
    """Yield what has become of the mail of each bulk stream."""
    for one in report.findings:
        if one.bulk and one.bulk.results:
            total = one.bulk.total
            share = total.failed / max(total.final, 1)
            yield (
                f"Bulk mail of {one.subject} in 14 days: {total.delivered:,} delivered, "
                f"{total.failed:,} bounced ({share:.1%}), {total.deferred:,} attempts deferred, "
                f"{number(total.complained, 'complaint')}, {total.unsubscribed:,} unsubscribed."
            )


def scope(report: Report) -> str:
    """Return the limits of a partial run, nothing for a complete one."""
    left_out = f"; {number(len(report.not_asked), 'check')} left out" if report.not_asked else ""
    if not report.limits:
        return f"Checked from outside, without an inventory{left_out}." if left_out else ""
    return f"Partial run: {'; '.join(report.limits)}{left_out}."


def news(report: Report) -> str:
    """Return the differences to the previous report in figures, nothing if there is none."""
    comparison = report.comparison
    if comparison.since is None:
        return f"Not compared: {comparison.unknown}." if comparison.unknown else ""
    counts = Counter(change.turn for change in comparison.changes)
    differences = ", ".join(f"{counts[turn]} {turn}" for turn in Trend if counts[turn])
    return f"Since {moment(comparison.since)}: {differences or 'no difference'}."


def change_line(change: FindingChange) -> str:
    """Return one difference as a line."""
    was, is_ = change.before or "not found", change.now or "not found"
    return f"{change.turn}: {change.id} of {change.subject} was {was}, is {is_}"


def moment(time: datetime) -> str:
    """Return a time as people write it."""
    return time.strftime("%-d %B %Y, %H:%M UTC")


def severity_counts(report: Report) -> dict[Severity, int]:
    """Return the number of findings of each severity, without those that do not apply."""
    counts = Counter(one.severity for one in report.findings if one.applies)
    return {severity: counts[severity] for severity in _COUNTED}


def messages(sent: tuple[Message, ...]) -> str:
    """Return the number of test messages delivered, and their times."""
    count = sum(message.arrived for message in sent)
    if count < len(sent) or not sent:
        delivered = f"{count} of {number(len(sent), 'test message')} delivered"
    elif count == 1:
        delivered = "The test message was delivered"
    else:
        delivered = f"All {count} test messages delivered"
    return f"{delivered} {span(sent)}".rstrip()


def span(sent: tuple[Message, ...]) -> str:
    """Return the time from the fastest to the slowest message, nothing if none arrived."""
    times = sorted(message.seconds for message in sent if message.seconds is not None)
    shown = dict.fromkeys(f"{one:.1f}" for one in (*times[:1], *times[-1:]))
    return f"in {' to '.join(shown)} s" if shown else ""


def changes(counted: Mapping[str, int]) -> str:
    """Return the changes of the run, such as `2 hosts and 1 zone`."""
    parts = [number(count, kind.removesuffix("s")) for kind, count in counted.items() if count]
    return " and ".join(parts)


def number(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _findings(report: Report) -> str:
    counts = ((count, _COUNTED[severity]) for severity, count in severity_counts(report).items())
    shown = [f"{count} {nouns[count != 1]}" for count, nouns in counts if count]
    idle = sum(not one.applies for one in report.findings)
    return ", ".join((*shown, *([f"{idle} not applicable"] if idle else [])))


def _changed(counted: Mapping[str, int]) -> str:
    return f"{changes(counted) or 'Nothing'} changed"
