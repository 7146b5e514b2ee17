"""
Three reports of invented findings: one without a problem, one with many, one of the DNS alone.

Their checks are invented as well, so that no check of the catalogue changes a golden file.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from deploys.checks.core.bulk import BulkResult, bulk_figures
from deploys.checks.core.finding import Check, Finding, RecordSeen, Severity, SubjectKind, Waived
from deploys.checks.core.received import (
    ReceivedReports,
    ReportedDay,
    ReportedSource,
)
from deploys.checks.core.report import (
    Comparison,
    FindingChange,
    Hop,
    MailHost,
    Message,
    PastRun,
    Report,
    Trend,
    Verdict,
)
from deploys.checks.list.result import ListResult
from deploys.checks.list.verdicts import Reason
from deploys.checks.page import html
from deploys.mail.report_store import FailureSum

STARTED = datetime(2026, 10, 4, 9, 30, tzinfo=UTC)
_SUBJECTS: dict[str, SubjectKind] = {
    "run.host": "host",
    "run.waiver": "run",
    "dns.mx": "domain",
    "dns.srv": "domain",
    "smtp.connect": "host",
    "smtp.starttls": "host",
    "smtp.relay": "host",
    "smtp.tls": "host",
    "delivery.arrived": "domain",
    "delivery.seconds": "domain",
    "reports.dmarc": "domain",
    "reports.tls": "domain",
    "bulk.rates": "domain",
}
CHECKS = {
    id_: Check(
        id_,
        subject,
        f"Does {id_} pass?",
        "RFC 5321 section 4.5.1",
        why=f"Mail depends on {id_}.",
        remedy=f"Correct {id_}.",
    )
    for id_, subject in _SUBJECTS.items()
}
HOSTS = (
    MailHost("mx1", "mx1.harbor.example", ("203.0.113.11", "2001:db8:25::11"), ("harbor.example",)),
    MailHost(
        "mx2", "mx2.orchard.example", ("203.0.113.12", "2001:db8:25::12"), ("orchard.example",)
    ),
)
MX = RecordSeen("harbor.example", "MX", ("10 mx1.harbor.example.",), ("10 mx1.harbor.example.",))
page = partial(html.render, checks=CHECKS, slow=10)


def _messages() -> tuple[Message, ...]:
    witness = Hop("mail.faraway.example", None, "LOCAL", "1xW8zc-000000000Jc-1bSn", seconds=0)
    mx1 = Hop(
        "mx1.harbor.example",
        None,
        queue_id="3501023E901",
        seconds=0.15,
        delays="0.05/0.01/0.06/0.03",
    )
    mx2 = replace(mx1, name="mx2.orchard.example", queue_id="3501023E902")
    taken = replace(witness, tls=True, protocol="ESMTPS")
    received = replace(mx1, tls=True, protocol="ESMTPS", queue_id="3501023E903")
    paths = {
        "mx1 -> visitor@faraway.example": (mx1, taken),
        "mx2 -> visitor@faraway.example": (mx2, taken),
        "peer -> postmaster@harbor.example": (witness, received),
        "outside -> mx1 at 203.0.113.11 -> postmaster@harbor.example": (received,),
    }
    return tuple(
        Message(f"5f0c2a9be714-{number}", path, 0.2 + number / 10, arrived=True, hops=hops)
        for number, (path, hops) in enumerate(paths.items(), 1)
    )


def good() -> Report:
    """Return a report in which every check passed."""
    message, *_ = messages = _messages()
    name_servers = ("ns.nic.example (203.0.113.2)", "ns.nic.example (2001:db8:25::2)")
    refused = "mx1 at 203.0.113.11 answered RCPT TO:<visitor@faraway.example>: 554 5.7.1 denied"
    arrived = f"{message.path}: found in /var/mail/visitor on peer"
    findings = [
        CHECKS["run.host"].ok("mx1", "it took part in the run"),
        *(
            replace(CHECKS["dns.mx"].ok("harbor.example", f"{one}: 10 mx1"), record=MX)
            for one in name_servers
        ),
        CHECKS["dns.srv"].not_applicable("harbor.example", f"{name_servers[0]}: nothing"),
        CHECKS["smtp.relay"].ok("mx1", refused),
        CHECKS["delivery.arrived"].ok("harbor.example", arrived),
        CHECKS["delivery.seconds"].ok("harbor.example", f"{message.path}: 0.3 s"),
    ]
    changes = {"hosts": 2, "zones": 2}
    comparison = Comparison(STARTED - timedelta(days=1))
    return Report(
        tuple(findings),
        messages,
        changes,
        STARTED,
        2.4,
        "lab",
        comparison=comparison,
        hosts=HOSTS,
    )


def bad() -> Report:
    """Return a report with an open relay, a lost message, and checks without an answer."""
    whole = good()
    first, lost, slow, last = whole.messages
    lost = replace(lost, seconds=None, arrived=False, hops=(), lost_at=1)
    sat = replace(
        slow.hops[-1], tls=False, protocol="ESMTP", seconds=14.02, delays="0.02/0.01/13.9/0.09"
    )
    slow = replace(slow, seconds=14.2, hops=(slow.hops[0], sat))
    return replace(
        whole,
        findings=(*whole.findings, *_problems(lost, slow)),
        messages=(first, lost, slow, last),
        changes={"hosts": 0, "zones": 0},
        comparison=Comparison(STARTED - timedelta(days=1), tuple(_differences())),
        history=(
            PastRun(STARTED - timedelta(days=2), Verdict.PASSED, 2.2, 0, 0, 0, 4, 4, 0.6),
            PastRun(STARTED - timedelta(days=1), Verdict.FAILED, 2.5, 1, 0, 1, 4, 4, 0.7),
        ),
    )


def _problems(lost: Message, slow: Message) -> Iterator[Finding]:
    relay = "mx1 at 203.0.113.11 answered RCPT TO:<visitor@faraway.example> from <>: 250 2.1.5 Ok"
    closed = "mx2 at 2001:db8:25::12 port 25 could not be reached: [Errno 101] unreachable"
    yield CHECKS["smtp.relay"].error(
        "mx1", relay, "keep reject_unauth_destination in its restrictions"
    )
    yield CHECKS["delivery.arrived"].error(
        "orchard.example",
        f"{lost.path}: not in /var/mail/visitor on peer",
        f"look for {lost.id} in the mail log and the queue (mailq) of mx2",
    )
    yield CHECKS["delivery.seconds"].warning(
        "harbor.example", f"{slow.path}: 14.2 s", "look in the mail log of each hop"
    )
    yield CHECKS["smtp.connect"].unknown(
        "mx2", f"{closed}; nothing answered over IPv6", "use another machine"
    )
    for id_ in ("smtp.starttls", "smtp.relay"):
        yield CHECKS[id_].unknown("mx2", f"not checked: {closed}", "fix smtp.connect first")
    yield replace(
        CHECKS["smtp.tls"].warning("mx2", "mx2 shows a certificate until 2026-10-12", "renew it"),
        severity=Severity.WAIVED,
        waived=Waived(Severity.WARNING, date(2026, 10, 10), "the new one comes with the move"),
    )
    yield CHECKS["run.waiver"].ok(
        "smtp.tls of mx2", "until 2026-10-10: the new one comes with the move"
    )
    yield CHECKS["run.waiver"].error(
        "dns.dmarc",
        "the waiver ended on 2026-09-30: the owner of the zone was away",
        "fix what it waived, or give it a later end in verify_waivers",
    )
    yield from _reported()
    yield _bulk()
    yield CHECKS["run.host"].info(
        "mx3", "left out by --limit or --exclude", "run without the limit"
    )


def _reported() -> Iterator[Finding]:
    """Yield findings with the figures of received reports."""
    names = [(STARTED - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(30, -1, -1)]
    volumes = [400 + 37 * (number * 7 % 11) for number in range(len(names))]
    days = [
        ReportedDay(name, volume, 90 if number in (17, 18) else 3)
        for number, (name, volume) in enumerate(zip(names, volumes, strict=True))
    ]
    own, other = (True,), (False,)
    sources = (
        ReportedSource("203.0.113.11", *own, 17_210, 17_204, 17_190, 4, 0, names[-1]),
        ReportedSource("192.0.2.77", *other, 261, 0, 0, 261, 240, names[-1]),
        ReportedSource("198.51.100.4", *other, 90, 90, 0, 0, 0, names[-3]),
    )
    receivers = ("google.com", "outlook.com", "yahoo.com")
    mail = ReceivedReports("dmarc", tuple(days), receivers, sources)
    failure = FailureSum(
        domain="harbor.example",
        result="certificate-expired",
        receiving="mx1.harbor.example",
        sending="192.0.2.25",
        reason="",
        sessions=12,
        senders=2,
        last=names[-4],
    )
    broken = [ReportedDay(name, 60, 12 if name == names[-4] else 0) for name in names]
    sessions = ReceivedReports("tls", tuple(broken), receivers[:2], failures=(failure,))
    seen = CHECKS["reports.dmarc"].info("harbor.example", "261 failed of 192.0.2.77", "look there")
    yield replace(seen, received=mail)
    seen = CHECKS["reports.tls"].warning("harbor.example", "12 sessions failed", "renew it")
    yield replace(seen, received=sessions)


def _bulk() -> Finding:
    """Return a finding with the figures of a bulk stream, which sends twice a week."""
    results = []
    for back in (13, 10, 6, 3, 2):
        day, half = (STARTED - timedelta(days=back)).strftime("%Y-%m-%d"), 2 if back == 2 else 1
        for receiver, count in (("default", 18_340), ("google", 24_071), ("yahoo", 6_203)):
            sent = count // half**3
            results.append(
                BulkResult(
                    day=day,
                    receiver=receiver,
                    delivered=sent,
                    deferred=6400 if receiver == "yahoo" and back < 7 else 12 * back,
                    bounced=sent // 90,
                    returned=sent // 84,
                    complained=37 if receiver == "yahoo" else 0,
                    unsubscribed=sent // 700,
                )
            )
    saw = "37 of 6,203 messages to yahoo were reported as spam"
    found = CHECKS["bulk.rates"].warning("bounces.harbor.example", saw, "send it less")
    return replace(found, bulk=bulk_figures(results))


def _differences() -> Iterator[FindingChange]:
    ok, warning, error = Severity.OK, Severity.WARNING, Severity.ERROR
    slow = "peer -> postmaster@harbor.example: 14.2 s"
    yield FindingChange(
        Trend.NEW, "delivery.seconds", "domain", "harbor.example", ok, warning, slow
    )
    yield FindingChange(
        Trend.WORSE, "smtp.relay", "host", "mx1", warning, error, "mx1 answered 250"
    )
    yield FindingChange(Trend.GONE, "dns.mx", "domain", "harbor.example", error, ok, "10 mx1")


def part() -> Report:
    """Return a report of a run that checked the DNS alone."""
    dns = tuple(one for one in good().findings if one.id.startswith("dns."))
    return replace(
        good(),
        findings=dns,
        messages=(),
        limits=("only dns.*",),
        not_asked=("smtp.connect", "smtp.relay"),
        mailed=False,
        comparison=Comparison(),
    )


def checked_list(**counts: int) -> ListResult:
    """Return the result of a list, with so many lines of each reason, or some of every one."""
    every = {one.name: 1000 for one in Reason}
    return ListResult(
        name="<list>.csv",
        started=STARTED,
        seconds=1,
        counts={Reason[name]: count for name, count in (counts or every).items()},
        lost={
            ("null.example", Reason.NULL_MX): 1500,
            (f"{'long' * 15}.example", Reason.UNKNOWN): 1,
        },
        domains=2,
    )
