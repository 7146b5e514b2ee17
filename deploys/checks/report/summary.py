"""What every report says first: the verdict, in words."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from ..core.finding import Severity
from ..core.report import Change, Message, Report, Turn, Verdict


def headline(report: Report) -> str:
    """Return the verdict as a sentence."""
    if report.mailed and not report.delivered:
        return "No mail was seen to arrive."
    if report.verdict is Verdict.FAILED:
        return "Mail does not work as it should."
    if not report.mailed:
        return _WITHOUT_MESSAGES[report.verdict]
    return {
        Verdict.PASSED: "Mail is delivered.",
        Verdict.UNKNOWN: "Mail is delivered, but not every question was answered.",
    }[report.verdict]


_WITHOUT_MESSAGES = {
    Verdict.PASSED: "What was asked is as it should be.",
    Verdict.UNKNOWN: "Not every question was answered.",
}


def summary(report: Report) -> str:
    """Return the figures behind the verdict."""
    taken = f"{arrived(report.messages)} {span(report.messages)}".rstrip()
    taken = taken if report.mailed else "No message was sent"
    done = changes(report.changes)
    counts = (number(len(report.having(severity)), noun) for severity, noun in NOUNS.items())
    said = (count for count in counts if not count.startswith("0 "))
    return f"{taken}; {', '.join(said) or 'no answers'}; the run changed {done}."


def scope(report: Report) -> str:
    """Return what made this less than a whole proof, nothing if it was whole."""
    left = f"; {number(len(report.not_asked), 'check')} not asked" if report.not_asked else ""
    if not report.limits:
        return f"Seen from outside, without an inventory{left}." if left else ""
    return f"Not a whole proof: {'; '.join(report.limits)}{left}."


def news(report: Report) -> str:
    """Return how the report differs from the previous one, nothing if there is none."""
    comparison = report.comparison
    if comparison.since is None:
        return f"Not compared: {comparison.unknown}." if comparison.unknown else ""
    counts = Counter(change.turn for change in comparison.changes)
    said = ", ".join(f"{counts[turn]} {turn}" for turn in Turn if counts[turn])
    return f"Since {moment(comparison.since)}: {said or 'nothing changed'}."


def change_line(change: Change) -> str:
    """Return one difference as a line."""
    was, is_ = change.before or "not found", change.now or "not found"
    return f"{change.turn}: {change.id} of {change.subject} was {was}, is {is_}"


def moment(time: datetime) -> str:
    """Return a time as people write it."""
    return time.strftime("%-d %B %Y, %H:%M UTC")


NOUNS = {
    Severity.ERROR: "error",
    Severity.UNKNOWN: "open question",
    Severity.WARNING: "warning",
    Severity.WAIVED: "waived problem",
    Severity.INFO: "note",
    Severity.OK: "good answer",
}


def arrived(messages: tuple[Message, ...]) -> str:
    """Return how many messages arrived."""
    count = sum(message.arrived for message in messages)
    return f"{count} of {number(len(messages), 'message')} arrived"


def span(messages: tuple[Message, ...]) -> str:
    """Return the time from the fastest to the slowest message, nothing if none arrived."""
    times = sorted(message.seconds for message in messages if message.seconds is not None)
    return f"after {times[0]:.1f} to {times[-1]:.1f} s" if times else ""


def changes(counted: Mapping[str, int]) -> str:
    """Return what the run changed."""
    parts = [number(count, kind.removesuffix("s")) for kind, count in counted.items() if count]
    return " and ".join(parts) or "nothing"


def number(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
