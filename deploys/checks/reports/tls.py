"""TLS with the hosts of a domain, by the reports of servers that send to it (RFC 8460)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from ...mail.report_store import FailureSum, ReportSums
from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding, Severity
from ..core.received import ReceivedReports
from .figures import SHOWN, days, with_figures

TLS = Check(
    "reports.tls",
    "domain",
    "Do other servers reach our hosts over TLS, by their reports?",
    "RFC 8460 section 4",
    why="With MTA-STS or DANE, mail waits at a sender that cannot verify our host, and comes back.",
    remedy="Look at the result type: a certificate (smtp.certificates), the policy (dns.mta_sts), "
    "or TLSA records (smtp.tlsa, dns.dnssec).",
    worst=Severity.WARNING,
    when_unknown="fix reports.reader first",
)
_RECENT = 7  # days
_NAMED = 3


def tls_with_our_hosts(
    domain: str,
    fleet: Fleet,  # noqa: ARG001 - as for DMARC
    sums: Sequence[ReportSums],
    now: float,
) -> Finding:
    """Check that no session has failed in the last days."""
    figures = _figures(domain, sums, now)
    if not figures.days:
        saw = f"{domain}: no TLS report has come in 30 days"
        return TLS.info(domain, saw, "see dns.tls_rpt; few senders write such reports")
    since = (datetime.fromtimestamp(now, UTC) - timedelta(days=_RECENT)).strftime("%Y-%m-%d")
    recent = sum(one.failed for one in figures.days if one.day >= since)
    total = figures.passed + figures.failed
    saw = (
        f"{domain}: {figures.passed} of {total} sessions in 30 days had TLS, by reports of "
        f"{len(figures.senders)} senders"
    )
    if recent:
        latest = [one for one in figures.failures if one.last >= since] or figures.failures
        saw = f"{saw}; {recent} failed in the last 7 days: {_named(latest)}"
        fix = "fix the reason that the result type names (RFC 8460 section 4.3)"
        return with_figures(TLS.warning(domain, saw, fix), figures)
    return with_figures(TLS.ok(domain, saw), figures)


def _named(failures: Sequence[FailureSum]) -> str:
    found = [
        f"{one.result}{' at ' if one.receiving else ''}{one.receiving} ({one.sessions})"
        for one in failures
    ]
    return ", ".join(found[:_NAMED])


def _figures(domain: str, sums: Sequence[ReportSums], now: float) -> ReceivedReports:
    found = [one for each in sums for one in each.tls if one.domain == domain]
    failures = [one for each in sums for one in each.failures if one.domain == domain]
    return ReceivedReports(
        kind="tls",
        days=days(((one.day, one.successes, one.failures) for one in found), now),
        senders=tuple(sorted({sender for one in found for sender in one.senders})),
        failures=tuple(_failures(failures))[:SHOWN],
    )


def _failures(failures: Iterable[FailureSum]) -> Iterator[FailureSum]:
    """Yield the failures of all hosts, those of most sessions first."""
    groups: dict[tuple[str, str, str, str], list[FailureSum]] = defaultdict(list)
    for one in failures:
        groups[one.domain, one.result, one.receiving, one.sending].append(one)
    found = [
        FailureSum(
            *key,
            reason=max(one.reason for one in group),
            sessions=sum(one.sessions for one in group),
            senders=max(one.senders for one in group),
            last=max(one.last for one in group),
        )
        for key, group in groups.items()
    ]
    yield from sorted(found, key=lambda one: -one.sessions)
