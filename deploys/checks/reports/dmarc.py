"""
Mail in the name of a domain, by the DMARC reports of receivers (RFC 9990).

Mail of the hosts of the fleet must pass. Mail of other addresses that fails is forged, or of a
service that nobody has told the domain's records about: only the operator knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ...mail.report_store import ReportSums, SourceSum
from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding, Severity
from ..core.received import ReceivedReports, ReportedSource
from .figures import SHOWN, days, with_figures

DMARC = Check(
    "reports.dmarc",
    "domain",
    "Does the mail of our hosts pass DMARC at its receivers, by their reports?",
    "RFC 9990 section 3.1",
    why="Receivers put mail that fails into the spam folder or refuse it, and no bounce may say "
    "so.",
    remedy="Verify SPF and DKIM of the source (dns.spf, dns.dkim). If it is a service of yours, "
    "add it to the domain's SPF policy, and let it sign with a key of the domain.",
    worst=Severity.WARNING,
    when_unknown="fix reports.reader first",
)
FEW = 10  # messages that say nothing
TOLERATED = 0.01  # share of own messages, as receivers fail at times to ask the DNS
_NAMED = 3


def mail_in_our_name(domain: str, fleet: Fleet, sums: Sequence[ReportSums], now: float) -> Finding:
    """Check the share of own mail that fails, and name others whose mail fails."""
    figures = _figures(domain, fleet, sums, now)
    if not figures.days:
        saw = f"{domain}: no DMARC report has come in 30 days"
        return DMARC.info(domain, saw, "wait two days after the first mail; see dns.dmarc_reports")
    own = [one for one in figures.sources if one.own]
    sent, failed = (sum(getattr(one, name) for one in own) for name in ("messages", "failed"))
    total = figures.passed + figures.failed
    saw = (
        f"{domain}: {figures.passed} of {total} messages passed in 30 days, by reports of "
        f"{len(figures.senders)} receivers"
    )
    others = [one for one in figures.sources if one.failed and not one.own]
    if sent >= FEW and failed > TOLERATED * sent:
        worst = max(own, key=lambda one: one.failed)
        saw = f"{saw}; of {sent} from our own addresses {failed} failed, most of {worst.address}"
        found = DMARC.warning(domain, saw, f"verify SPF and DKIM of {worst.address}")
    elif others:
        saw = f"{saw}; {sum(one.failed for one in others)} failed of {_named(others)}"
        found = DMARC.info(domain, saw, "add these sources if they are yours; else they are forged")
    else:
        found = DMARC.ok(domain, saw)
    return with_figures(found, figures)


def _named(sources: Sequence[ReportedSource]) -> str:
    names = [one.address or "other addresses" for one in sources]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _figures(domain: str, fleet: Fleet, sums: Sequence[ReportSums], now: float) -> ReceivedReports:
    found = [one for each in sums for one in each.dmarc if one.domain == domain]
    counts = ((one.day, one.messages - one.failing, one.failing) for one in found)
    sources = [one for each in sums for one in each.sources if one.domain == domain]
    ours = {str(address) for host in (*fleet.hosts, *fleet.others) for address in host.addresses}
    return ReceivedReports(
        kind="dmarc",
        days=days(counts, now),
        senders=tuple(sorted({sender for one in found for sender in one.senders})),
        sources=tuple(_sources(sources, ours)),
    )


def _sources(sources: Iterable[SourceSum], ours: set[str]) -> Iterator[ReportedSource]:
    """Yield the sums of each address over all policies and hosts, our own first."""
    groups: dict[str, list[SourceSum]] = defaultdict(list)
    for one in sources:
        groups[one.address].append(one)
    found = [_together(address, group, own=address in ours) for address, group in groups.items()]
    yield from sorted(found, key=lambda one: (not one.own, -one.failed, -one.messages))[:SHOWN]


def _together(address: str, group: Sequence[SourceSum], *, own: bool) -> ReportedSource:
    return ReportedSource(
        address=address,
        own=own,
        messages=sum(one.messages for one in group),
        dkim=sum(one.dkim for one in group),
        spf=sum(one.spf for one in group),
        failed=sum(one.failing for one in group),
        stopped=sum(one.stopped for one in group),
        last=max(one.last for one in group),
    )
