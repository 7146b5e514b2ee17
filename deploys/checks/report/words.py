"""What every report says first: the verdict, in words."""

from collections.abc import Mapping

from deploys.checks.finding import Message, Report, Severity, Verdict


def headline(report: Report) -> str:
    """Return the verdict as a sentence."""
    if not report.delivered:
        return "No mail was seen to arrive."
    return {
        Verdict.PASSED: "Mail is delivered.",
        Verdict.UNKNOWN: "Mail is delivered, but not every question was answered.",
        Verdict.FAILED: "Mail does not work as it should.",
    }[report.verdict]


def summary(report: Report) -> str:
    """Return the figures behind the verdict."""
    taken = f"{arrived(report.messages)} {span(report.messages)}".rstrip()
    done = changes(report.changes)
    counts = (number(len(report.having(severity)), noun) for severity, noun in NOUNS.items())
    said = (count for count in counts if not count.startswith("0 "))
    return f"{taken}; {', '.join(said)}; the run changed {done}."


NOUNS = {
    Severity.ERROR: "error",
    Severity.UNKNOWN: "open question",
    Severity.WARNING: "warning",
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
