"""
A lab with four faults, as a table of findings.

rspamd is stopped on mx1, IPv6 port 25 of mx2 is dropped, harbor.example has two SPF records, and
one DKIM record of orchard.example is deleted.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from deploys.checks.core.finding import Finding, RecordSeen, Severity
from deploys.checks.core.report import PastRun, Report, Verdict
from deploys.checks.run.catalogue import CHECKS
from tests.checks.report_samples import HOSTS, STARTED, good

ERROR, UNKNOWN = Severity.ERROR, Severity.UNKNOWN
V4, V6 = "mx1 at 203.0.113.11", "mx2 at 2001:db8:25::12"
RCPT = "answered RCPT TO:<postmaster@harbor.example>"
LATER = "451 4.7.1 Service unavailable - try again later"
CLOSED = f"{V6} port 25 could not be reached: timed out"
NS = ("ns1.harbor.example (203.0.113.2)", "ns2.harbor.example (203.0.113.3)")
SENT = "mx1 -> visitor@faraway.example"
OUTSIDE = f"outside -> {V4} -> postmaster@harbor.example"
OUTSIDE_V6 = f"outside -> {V6} -> postmaster@orchard.example"
INWARD = "peer -> postmaster@harbor.example"
HARBOR, ORCHARD = "harbor.example", "orchard.example"
TLS_LATER = "port 25 answered 454 4.3.0 Try again later"
OTHER = "mx2 -> visitor@faraway.example"
KEY = "mx2-rsa._domainkey.orchard.example"

Row = tuple[str, Severity, str, str]  # check, severity, subject, what was seen
STOPPED: list[Row] = [
    ("host.services", ERROR, "mx1", "mx1: rspamd.service is inactive"),
    ("smtp.starttls", ERROR, "mx1", f"{V4}: STARTTLS is offered but fails: {V4} {TLS_LATER}"),
    ("smtp.postmaster", ERROR, "mx1", f"{V4} {RCPT}: {LATER}"),
    (
        "smtp.postmaster",
        ERROR,
        "mx1",
        f"mx1 at 2001:db8:25::11 answered RCPT TO:<postmaster>: {LATER}",
    ),
    ("smtp.unknown_recipient", ERROR, "mx1", f"{V4} answered RCPT TO:<no@harbor.example>: {LATER}"),
    ("smtp.backscatter", UNKNOWN, "mx1", f"{V4} answered RCPT TO:<NO@HARBOR.EXAMPLE>: {LATER}"),
    ("smtp.tls", UNKNOWN, "mx1", f"not checked: {V4} {TLS_LATER}"),
    ("dns.tlsa", UNKNOWN, "mx1", f"not checked: {V4} {TLS_LATER}"),
    ("dns.srv", ERROR, HARBOR, f"{V4} port 587 answered 454 4.3.0 Try again later (submission)"),
    ("delivery.recipients", UNKNOWN, HARBOR, f"{V4} answered RCPT TO:<a@harbor.example>: {LATER}"),
    ("delivery.arrived", ERROR, HARBOR, f"{SENT}: not in /var/mail/visitor on peer"),
    ("delivery.arrived", ERROR, HARBOR, f"{OUTSIDE}: refused, the server answered {LATER}"),
    ("delivery.arrived", ERROR, HARBOR, f"{INWARD}: not in /var/mail/root on mx1"),
    ("delivery.intact", UNKNOWN, HARBOR, f"{SENT}: the message did not arrive"),
    ("delivery.spf", UNKNOWN, HARBOR, f"{SENT}: the message did not arrive"),
    ("delivery.hops", UNKNOWN, HARBOR, f"{OUTSIDE}: the message did not arrive"),
    (
        "delivery.success_notice",
        ERROR,
        HARBOR,
        f"{SENT}, NOTIFY=SUCCESS: no DSN in /var/mail/root on mx1",
    ),
]
DROPPED: list[Row] = [
    ("smtp.connect", ERROR, "mx2", CLOSED),
    ("smtp.starttls", UNKNOWN, "mx2", f"not checked: {CLOSED}"),
    ("smtp.banner", UNKNOWN, "mx2", f"not checked: {CLOSED}"),
    ("smtp.relay", UNKNOWN, "mx2", f"not checked: {CLOSED}"),
    ("dns.tlsa", UNKNOWN, "mx2", f"not checked: {CLOSED}"),
    ("smtp.ports", UNKNOWN, "mx2", f"{V6} answers on no port: the cause may be the network"),
    ("host.port25", ERROR, "mx1", "mx1: reaches no port 25 over IPv6; 2001:db8:25::12: timed out"),
    ("delivery.arrived", UNKNOWN, ORCHARD, f"{OUTSIDE_V6}: {CLOSED}"),
    ("delivery.intact", UNKNOWN, ORCHARD, f"{OUTSIDE_V6}: the message did not arrive"),
]
BROKEN: list[Row] = [
    *(
        ("dns.spf", ERROR, HARBOR, f"{one}: 2 TXT records at harbor.example start with v=spf1")
        for one in NS
    ),
    ("dns.spf_senders", ERROR, HARBOR, f"{V4}, MAIL FROM: permerror: two records"),
    ("dns.spf_senders", ERROR, HARBOR, "mx1 at 2001:db8:25::11, MAIL FROM: permerror: two records"),
]
DELETED: list[Row] = [
    *(("dns.dkim", ERROR, ORCHARD, f"{one}: no key at {KEY}") for one in NS),
    (
        "delivery.signature",
        ERROR,
        ORCHARD,
        f"{OTHER}: {KEY} (rsa-sha256) does not verify: the DNS has no such key",
    ),
    ("delivery.dkim", ERROR, ORCHARD, f"{OTHER}: signature mx2-rsa: permerror"),
    ("delivery.dmarc", ERROR, ORCHARD, f"{OTHER}: neither SPF nor DKIM passed for orchard.example"),
]


def finding(row: Row) -> Finding:
    id_, severity, subject, saw = row
    return Finding(id_, severity, subject, saw, f"fix of {id_}", CHECKS[id_].about)


def report(rows: Iterable[Row]) -> Report:
    return replace(good(), findings=tuple(map(finding, rows)), hosts=HOSTS)


def broken() -> Report:
    """Return the report of that lab, with records, lost messages and earlier runs."""
    first, second, *others = good().messages
    lost = replace(first, seconds=None, arrived=False, hops=(), lost_at=1)
    refused = replace(
        second, path=OUTSIDE, seconds=None, arrived=False, hops=(), lost_at=1, id="5f0c2a9be714-9"
    )
    spf = RecordSeen(HARBOR, "TXT", (), ("v=spf1 mx -all", "v=spf1 -all"))
    missing = RecordSeen(KEY, "TXT", (f"v=DKIM1; k=rsa; p={'A' * 392}",), ())
    records = {"dns.spf": spf, "dns.dkim": missing}
    whole = report([*good_rows(), *STOPPED, *DROPPED, *BROKEN, *DELETED])
    findings = tuple(
        replace(one, record=records.get(one.id)) if one.severity is ERROR else one
        for one in whole.findings
    )
    runs = tuple(
        PastRun(
            STARTED - timedelta(days=30 - day),
            Verdict.PASSED,
            60 + day % 7,
            *(day // 9, day % 3, day % 5),
            18,
            18 - day // 20,
            0.5 + day % 4 / 3,
        )
        for day in range(29)
    )
    return replace(whole, findings=findings, messages=(lost, refused, *others), history=runs)


def good_rows() -> list[Row]:
    """Return rows of checks that passed."""
    passed = Severity.OK
    return [
        ("run.host", passed, "mx1", "it took part in the run"),
        ("run.host", passed, "mx2", "it took part in the run"),
        *(("dns.mx", passed, HARBOR, f"{one}: 10 mx1.harbor.example.") for one in NS),
        *(("dns.mx", passed, ORCHARD, f"{one}: 10 mx2.orchard.example.") for one in NS),
        ("smtp.connect", passed, "mx1", f"{V4} answers as mx1.harbor.example"),
        ("reputation.blocklists", passed, "mx1", f"{V4}: not listed by zen.spamhaus.org"),
        ("reputation.age", passed, HARBOR, f"{HARBOR}: registered since 2001-05-04"),
    ]
