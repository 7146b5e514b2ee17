"""
Rates of bounces and complaints of a bulk stream, against the limits of large receivers.

The numbers of all hosts of a stream count together, as a bounce arrives at any of them. Sources of
the limits are in docs/bulk.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from ...mail.report_store import day_of, days_before
from ...mail.settings.model import MailSettings
from ..core.bulk import BulkFigures, BulkResult, bulk_figures
from ..core.finding import Check, Finding, Severity
from ..core.world import UnansweredError
from .snapshot import Snapshot

RATES = Check(
    "bulk.rates",
    "domain",
    "Do few bulk messages bounce, and do few readers report them as spam?",
    "Google's email sender guidelines; Amazon SES, sending review process",
    why="Receivers put the mail of a sender with many complaints or unknown recipients into the "
    "spam folder, and then refuse it.",
    remedy="Send only to people who have asked for it, and verify the list first (docs/lists.md). "
    "Limits and their sources are in docs/bulk.md.",
    worst=Severity.WARNING,
    when_unknown="fix run.host first",
)
LEAST_MESSAGES = 100  # so that a few bounces are no rate
LEAST_FOR_COMPLAINTS = 1000
PERIODS = {"since yesterday": 1, "in 7 days": 6}  # days before today
_RESULTS = TypeAdapter(tuple[BulkResult, ...])
Streams = Mapping[str, Sequence[Snapshot | UnansweredError]]  # by the domain of bounces


@dataclass(frozen=True)
class BulkRate:
    """A part of the messages of a time; `aim` and `limit` are shares."""

    what: str
    when: str
    receiver: str
    count: int
    messages: int
    aim: float
    limit: float
    fix: str

    @property
    def share(self) -> float:
        """Return the share of the messages."""
        return self.count / self.messages

    def __str__(self) -> str:
        to = f" to {self.receiver}" if self.receiver else ""
        return f"{self.share:.2%} of {self.messages:,} messages{to} {self.what} {self.when}"


def results(snapshot: Snapshot) -> BulkFigures:
    """Return what a host has counted; raise ValueError if it cannot be read."""
    lines = snapshot.lines("results")
    return bulk_figures(_RESULTS.validate_json(lines[-1])) if lines else BulkFigures()


def streams(snapshots: Iterable[tuple[MailSettings, Snapshot | UnansweredError]]) -> Streams:
    """Return the snapshots of the hosts of each stream."""
    found: dict[str, list[Snapshot | UnansweredError]] = {}
    for host, snapshot in snapshots:
        if host.bulk:
            found.setdefault(host.bulk.bounces, []).append(snapshot)
    return found


def rates(stream: str, snapshots: Sequence[Snapshot | UnansweredError], now: float) -> Finding:
    """Check the rates of a stream."""
    silent = [one for one in snapshots if isinstance(one, UnansweredError)]
    if silent:
        return RATES.not_checked(stream, silent[0])
    try:
        read = [results(one) for one in snapshots if isinstance(one, Snapshot)]
    except ValueError as problem:
        return RATES.unknown(stream, f"the results cannot be read: {problem}", "deploy the hosts")
    figures = bulk_figures(one for each in read for one in each.results)
    return replace(_finding(stream, figures, now), bulk=figures)


def _finding(stream: str, figures: BulkFigures, now: float) -> Finding:
    sent = figures.since(days_before(day_of(now), max(PERIODS.values()))).total.final
    if not sent:
        return RATES.not_applicable(stream, f"{stream}: no bulk message has left in 7 days")
    found = list(_rates(figures, now))
    if not found:
        return RATES.ok(stream, f"{stream}: {sent} messages in 7 days, too few for a rate")
    if over := [one for one in found if one.share > one.limit]:
        worst = max(over, key=lambda one: one.share / one.limit)
        saw = f"{stream}: {worst}; receivers accept up to {worst.limit:.1%}"
        return RATES.warning(stream, saw, worst.fix)
    if over := [one for one in found if one.share > one.aim]:
        worst = max(over, key=lambda one: one.share / one.aim)
        return RATES.info(stream, f"{stream}: {worst}; aim at {worst.aim:.1%}", worst.fix)
    whole = "; ".join(str(one) for one in found if not one.receiver)
    return RATES.ok(stream, f"{stream}: {whole}")


def _rates(figures: BulkFigures, now: float) -> Iterator[BulkRate]:
    for when, back in PERIODS.items():
        part = figures.since(days_before(day_of(now), back))
        for receiver, one in {"": part.total, **part.receivers}.items():
            if one.final >= LEAST_MESSAGES:
                yield _bounces(when, receiver, one)
            if one.delivered >= LEAST_FOR_COMPLAINTS:
                yield _complaints(when, receiver, one)


def _bounces(when: str, receiver: str, one: BulkResult) -> BulkRate:
    fix = "verify the list (docs/lists.md), and send to no address that you did not get yourself"
    return BulkRate("bounced", when, receiver, one.failed, one.final, 0.02, 0.05, fix)


def _complaints(when: str, receiver: str, one: BulkResult) -> BulkRate:
    fix = "send only to people who have asked for it, less often, and make it easy to leave"
    what = "were reported as spam"
    return BulkRate(what, when, receiver, one.complained, one.delivered, 0.001, 0.003, fix)
