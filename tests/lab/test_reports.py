"""Reports from the world on both Debians: received, verified, read, and counted once."""

import base64
import gzip
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import TypeAdapter

from deploys.host.reader.configuration import ReaderConfiguration
from deploys.host.reader.message import reports
from deploys.mail import paths, report_store
from tests.host.report_samples import DAY, aggregate, message, record, tls
from tests.lab.labs import Raised
from tests.lab.mail_client import found
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    REPORT,
    UNPROVED,
    deployed,
    on,
    pyinfra,
    restored,
    settled,
    undone,
)
from tests.lab.test_signing import both, signatures

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
ADDRESSES = {name: address.replace("postmaster", "dmarc") for name, address in MAIL_HOSTS.items()}
READ = (
    *("--data", f"mail_dmarc_reports={json.dumps([*ADDRESSES.values()])}"),
    *("--data", f"mail_tls_rpt={json.dumps([*ADDRESSES.values()])}"),
)
# Debian 12 collects nothing for TLS reports.
LIST = "/etc/lab/suffixes"  # the public one lacks the lab's
SUFFIXES = {"mail_rspamd": {"options.inc": {"url_tld": LIST}}}
SENDING = {
    "mx1": {"mail_send_reports": ["dmarc"], **SUFFIXES},
    "mx2": {
        "mail_send_reports": ["dmarc", "tls"],
        "mail_report_organization": "Orchard Inc.",
        **SUFFIXES,
    },
}
REDIS = "redis-cli -s /run/redis-rspamd/redis.sock"
FORGET = f"systemctl stop pyinfra-mail-reports; rm -rf {paths.REPORTS}/*"
UNIT = "pyinfra-mail-reports.service"
REPORTER_UNIT = "pyinfra-mail-tls-reporter.service"
COLLECTED = paths.TLS_COLLECTED
REPORTER = "faraway.example"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
BEGIN = int(YESTERDAY.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
SELECTOR = "reports"
KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts that read reports, and a peer that signs its own."""
    assert lab
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = f'"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"'
    name = f"{SELECTOR}._domainkey"
    LAB.run("ns", "pdnsutil", "replace-rrset", REPORTER, name, "TXT", "60", text)
    LAB.run("ns", "pdnsutil", "rectify-zone", REPORTER)
    LAB.run("ns", "pdns_control", "purge")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_HOST_DATA", json.dumps(SENDING))
        for host in MAIL_HOSTS:
            on(host, f"echo example >{LIST}")
        done = pyinfra("deploys/site.py", "-y", *UNPROVED, *READ)
        assert done.returncode == 0, done.stdout
        yield
    for host in MAIL_HOSTS:
        on(host, FORGET)
    restored()
    for host in MAIL_HOSTS:
        sending = "pyinfra-mail-dmarc-reports.timer pyinfra-mail-tls-*"
        assert (
            on(host, f"systemctl list-units --all --no-legend --state=active,failed {sending}")
            == ""
        )
    LAB.run("ns", "pdnsutil", "delete-rrset", REPORTER, name, "TXT")


@pytest.fixture(autouse=True)
def _nothing_read() -> None:
    for name in MAIL_HOSTS:
        on(name, f"{FORGET}; systemctl start pyinfra-mail-reports")


def domain_of(name: str) -> str:
    return MAIL_HOSTS[name].partition("@")[2]


def dmarc(name: str, report_id: str = "1", **values: Any) -> bytes:
    """Return a message with a DMARC report on the domain of a host."""
    domain, source = domain_of(name), LAB.address(name)
    ours = record(source, 7, domain=domain)
    forged = record("192.0.2.9", 2, domain=domain, dkim="fail", spf="fail", disposition="reject")
    known = {"domain": domain, "org": REPORTER, "report_id": report_id, "begin": BEGIN}
    return sent(gzip.compress(aggregate(ours, forged, **{**known, **values})))


def sent(content: bytes, **headers: str) -> bytes:
    own = {"From": f"noreply@{REPORTER}", "Received": "", "Authentication-Results": ""}
    return message(content, **{**own, **headers})


def signed(text: bytes) -> bytes:
    """Return a message with a DKIM signature of the peer's domain."""
    private = KEY.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    signature: bytes = dkim.sign(
        text,
        SELECTOR.encode(),
        REPORTER.encode(),
        base64.b64encode(private),
        signature_algorithm=b"ed25519-sha256",
        include_headers=[b"from", b"subject"],
    )
    return signature.replace(b"\r\n", b"\n") + text


def delivered(name: str, text: bytes, sender: str = f"noreply@{REPORTER}") -> None:
    """Send a message from the peer to the report address of a host."""
    octets = base64.b64encode(text).decode()
    command = f"echo {octets} | base64 -d | /usr/sbin/sendmail -i -f {sender} {ADDRESSES[name]}"
    LAB.run("peer", "sh", "-c", command)


def sums(name: str, *, reports: int = 0, refusals: int = 0) -> report_store.ReportSums:
    """Return what a host has read, once it has read so much."""
    source = on(name, "cat /usr/local/lib/pyinfra-mail/reports/pyinfra_mail/mail/report_store.py")
    call = f"print(as_json(sums(Path('{paths.REPORTS}'), [], __import__('time').time())))"
    for _ in range(60):
        found = json.loads(LAB.run(name, "python3", "-c", f"{source}\n{call}"))
        days = [*found["dmarc"], *found["tls"]]
        if len(days) >= reports and len(found["refusals"]) >= refusals:
            break
        time.sleep(0.3)
    return TypeAdapter(report_store.ReportSums).validate_python(found)


@BOTH
def test_a_report_of_the_peer_is_read_and_counted_once(name: str) -> None:
    delivered(name, dmarc(name))
    delivered(name, dmarc(name))
    delivered(name, dmarc(name, "2"))

    for _ in range(100):
        found = sums(name, reports=1)
        if found.dmarc and found.dmarc[0].messages >= 18:
            break
        time.sleep(0.3)

    (day,) = found.dmarc
    assert (day.domain, day.policy, day.messages, day.failing) == (domain_of(name), "none", 18, 4)
    assert day.senders == (REPORTER,)
    assert [(one.address, one.messages) for one in found.sources] == [
        ("192.0.2.9", 4),
        (LAB.address(name), 14),
    ]
    assert on(name, f"ls {paths.REPORT_MAIL}/new {paths.REPORT_MAIL}/unread | grep -c : ") == "2"


@BOTH
def test_a_tls_report_counts_if_it_is_signed(name: str) -> None:
    document = tls().replace(b"harbor.example", domain_of(name).encode())
    today = datetime.fromtimestamp(BEGIN, UTC).date().isoformat().encode()
    text = sent(gzip.compress(document.replace(b"2026-11-29", today)))

    delivered(name, signed(text))
    delivered(name, text)

    found = sums(name, reports=1, refusals=1)
    assert [(one.domain, one.successes, one.failures) for one in found.tls] == [
        (domain_of(name), 40, 2)
    ]
    assert [one.result for one in found.failures] == ["certificate-expired"]
    (refused,) = found.refusals
    assert "a TLS report needs a DKIM signature of its sender" in refused.reason


@BOTH
def test_a_forged_sender_and_a_forged_result_do_not_count(name: str) -> None:
    passing = f"{LAB.host(name).hostname}; spf=pass smtp.mailfrom=noreply@bank.example"
    forged = {"From": "noreply@bank.example", "Authentication-Results": passing}
    report = gzip.compress(aggregate(record(domain=domain_of(name)), domain=domain_of(name)))
    delivered(name, sent(report, **forged), sender="noreply@bank.example")

    (refused,) = sums(name, refusals=1).refusals

    assert "neither SPF nor DKIM passes for its sender bank.example" in refused.reason
    assert refused.report == 0
    assert on(name, f"ls {paths.REPORT_MAIL}/unread | wc -l") == "1"


@BOTH
def test_mail_of_the_host_itself_does_not_count(name: str) -> None:
    octets = base64.b64encode(dmarc(name)).decode()
    on(name, f"echo {octets} | base64 -d | sendmail -i -f {MAIL_HOSTS[name]} {ADDRESSES[name]}")

    (refused,) = sums(name, refusals=1).refusals

    assert "it did not come from another host" in refused.reason


@BOTH
def test_mail_waits_while_the_reader_is_down(name: str) -> None:
    on(name, f"systemctl stop {UNIT}")
    delivered(name, dmarc(name))
    settled(name, f"ls {paths.REPORT_MAIL}/new | grep .")

    on(name, f"systemctl start {UNIT}")

    assert sums(name, reports=1).dmarc


@BOTH
def test_nobody_else_reads_the_mail_and_the_second_run_changes_nothing(name: str) -> None:
    assert on(name, f"stat -c '%a %U' {paths.REPORTS}") == "700 pyinfra-mail-reports"
    assert on(name, f"systemctl show -p User --value {UNIT}") == "pyinfra-mail-reports"
    rating = on(name, f"systemd-analyze security --no-pager {UNIT} | tail -n 1")
    assert float(rating.split(": ")[1].split()[0]) <= 2

    assert deployed(*READ).count("No changes") == 6


@BOTH
def test_a_proof_shows_what_receivers_report(name: str) -> None:
    domain = domain_of(name)
    fails = record(LAB.address(name), 30, domain=domain, dkim="fail", spf="fail")
    broken = sent(gzip.compress(aggregate(fails, domain=domain, begin=BEGIN)))
    invalid = sent(b"<feedback>", From=f"tls@{REPORTER}")
    today = datetime.fromtimestamp(BEGIN, UTC).date().isoformat().encode()
    document = tls().replace(b"harbor.example", domain.encode()).replace(b"2026-11-29", today)
    for text in (broken, invalid, signed(sent(gzip.compress(document)))):
        delivered(name, text)
    sums(name, reports=2, refusals=1)

    done = pyinfra("deploys/verify.py", "-y", *READ, "--data", "verify_only=reports.*")

    assert done.returncode == 0, done.stdout
    part = REPORT.parent / "part"
    findings = json.loads((part / "report.json").read_text())["findings"]
    found = {
        (one["id"], one.get("domain") or one.get("host")): (one["severity"], one["saw"])
        for one in findings
    }
    for id_, subject, saw in (
        ("reports.dmarc", domain, "of 30 from our own addresses 30 failed"),
        ("reports.tls", domain, "2 failed in the last 7 days: certificate-expired"),
        (
            "reports.reader",
            name,
            "reports that could not be read in 7 days: 1, as of faraway.example",
        ),
    ):
        severity, said = found[id_, subject]
        assert (severity, saw in said) == ("warning", True), said
    page = (part / "report.html").read_text()
    assert f"{domain}: mail in its name" in page
    assert "certificate-expired" in page


def reread(name: str, text: str) -> report_store.DomainReport:
    """Return the report in a message to the peer, as a reader there would take it."""
    reader = ReaderConfiguration("", "mail.faraway.example", (REPORTER,), ())
    # The peer writes an IPv6 address as no header of RFC 8601 has it.
    message = re.sub(r"\tiprev=.*\n", "", text.partition("\n")[2])
    (report,) = reports(message.encode(), reader, time.time())
    assert report.sender == domain_of(name)
    return report


@contextmanager
def changed(name: str, unit: str, *lines: str) -> Iterator[None]:
    """Change a unit of a host for a while."""
    folder = f"/run/systemd/system/{unit}.d"
    text = "\\n".join(("[Service]", *lines))
    on(name, f"mkdir -p {folder}; printf '{text}\\n' > {folder}/test.conf; systemctl daemon-reload")
    with undone(name, f"rm -r {folder}; systemctl daemon-reload"):
        yield


def dmarc_reports_sent(name: str) -> None:
    """Send what was counted today, which the unit does the day after."""
    command = "ExecStart=/usr/bin/rspamadm dmarc_report " + on(name, "date +%Y%m%d")
    with changed(name, "pyinfra-mail-dmarc-reports.service", "ExecStart=", command):
        on(name, "systemctl start pyinfra-mail-dmarc-reports.service")


@BOTH
def test_mail_in_the_name_of_another_domain_is_reported_to_it(name: str) -> None:
    """What a program of the host itself sends in that name is not evaluated."""
    on(name, f"{REDIS} flushall")
    token = uuid4().hex
    text = f"From: visitor@{REPORTER}\\nSubject: {token}\\n\\nAhoy.\\n"
    for host in ("peer", name):
        sender = f"/usr/sbin/sendmail -i -f visitor@{REPORTER} {MAIL_HOSTS[name]}"
        on(host, f"printf '{text}' | {sender}")
    message = found(name, "/var/mail/root", token, "Authentication-Results")
    assert "dmarc=" not in message
    settled(name, f"{REDIS} keys 'dmarc_rpt*' | grep {REPORTER}")

    dmarc_reports_sent(name)

    text = found("peer", "/var/mail/postmaster", f"Submitter: {domain_of(name)}", REPORTER)
    assert signatures(text) == both(name, domain_of(name))
    report = reread(name, text)
    assert (report.kind, report.domain, report.policy) == ("dmarc", REPORTER, "reject")
    (source,) = report.sources
    assert source.address in map(str, LAB.lab.addresses(LAB.host("peer")))
    assert (source.messages, source.spf, source.dkim) == (1, True, False)


def test_a_tls_report_tells_of_a_key_that_the_dns_does_not_name() -> None:
    name, mark = "mx2", f"t{uuid4().hex[:8]}"
    domain, server = f"{mark}.{REPORTER}", f"mail-{mark}"
    policy = f'"v=TLSRPTv1; rua=mailto:postmaster@{REPORTER}"'
    for label, kind, value in (
        (mark, "MX", f"10 {server}.{REPORTER}."),
        (server, "A", LAB.address("peer")),
        (f"_25._tcp.{server}", "TLSA", f"3 1 1 {'0' * 64}"),
        (f"_smtp._tls.{mark}", "TXT", policy),
    ):
        LAB.run("ns", "pdnsutil", "replace-rrset", REPORTER, label, kind, "60", value)
    LAB.run("ns", "pdnsutil", "rectify-zone", REPORTER)
    LAB.run("ns", "pdns_control", "purge")
    on(name, f"printf 'Subject: x\\n\\n' | sendmail -i -f '' anna@{domain}")
    asked = "SELECT 1 FROM finalresults WHERE domain = ? AND cntrfailure > 0"
    rows = f'sqlite3.connect("{COLLECTED}").execute("{asked}", ("{domain}",)).fetchall()'
    settled(name, f"python3 -c 'import sqlite3; print({rows})' | grep 1")
    on(name, "postsuper -d ALL")

    soon = "Environment=TLSRPT_REPORTD_SPREAD_OUT_DELIVERY=1 TLSRPT_REPORTD_INTERVAL_MAIN_LOOP=1"
    with changed(name, "pyinfra-mail-tls-reporter.service", soon):
        on(name, f"systemctl stop {REPORTER_UNIT}; rm -f {paths.TLS_SENT}")
        on(name, "systemctl kill -s SIGUSR2 pyinfra-mail-tls-collector")  # the day ends
        settled(name, f"test -e {COLLECTED}.yesterday")
        on(name, f"systemctl start {REPORTER_UNIT}")
        text = found("peer", "/var/mail/postmaster", f"TLS-Report-Domain: {domain}")

    assert "TLS-Report-Submitter: orchard.example" in text
    assert signatures(text) == both(name, domain_of(name))
    report = reread(name, text)
    assert (report.kind, report.domain, report.policy) == (
        "tls",
        f"{server}.{REPORTER}",  # TLSA records are those of the MX host
        "tlsa",
    )
    assert {one.result for one in report.failures} == {"certificate-not-trusted"}


def test_the_reports_of_the_hosts_are_sent() -> None:
    def findings() -> list[tuple[str, str]]:
        done = pyinfra("deploys/verify.py", "-y", *READ, "--data", "verify_only=reports.sent")
        assert done.returncode == 0, done.stdout
        found = json.loads((REPORT.parent / "part" / "report.json").read_text())["findings"]
        return [(one["severity"], one["saw"]) for one in found if one["id"] == "reports.sent"]

    good = findings()
    with undone("mx2", f"mv {COLLECTED}.kept {COLLECTED}"):
        on("mx2", f"mv {COLLECTED} {COLLECTED}.kept")
        bad = findings()

    assert {severity for severity, _ in good} == {"ok"}
    assert len(good) == 3
    assert ("warning", "mx2: TLS results are not collected") in bad


def published(zone: str) -> str:
    """Return the DMARC policy at the lab's name server."""
    return LAB.run("ns", "sh", "-c", f"pdnsutil list-zone {zone} | grep '^_dmarc.{zone}'")


def test_a_policy_follows_clean_reports_and_no_clock() -> None:
    name, domain = "mx1", domain_of("mx1")
    own = (*READ, "--data", "mail_dmarc=auto", "--data", "mail_auto_days=7")
    first = pyinfra("deploys/zone.py", "-y", *own).stdout

    assert "none stays, and quarantine follows when reports come in; none has come" in first
    assert "p=none" in published(domain)

    clean = record(LAB.address(name), 30, domain=domain)
    for back in range(7):
        begin = BEGIN - back * DAY
        text = aggregate(clean, begin=begin, domain=domain, report_id=str(back))
        report = gzip.compress(text)
        delivered(name, sent(report))
        from_mx2 = sent(report, From="noreply@orchard.example")
        octets = base64.b64encode(from_mx2).decode()
        sender = "sendmail -i -f noreply@orchard.example"
        on("mx2", f"echo {octets} | base64 -d | {sender} {ADDRESSES[name]}")
        if not back:
            sums(name, reports=1)
            early = pyinfra("deploys/zone.py", "-y", *own).stdout
            assert "quarantine follows when reports are of 7 days, now 1" in early
    for _ in range(100):
        found = sums(name, reports=7)
        if sum(one.messages for one in found.dmarc) >= 14 * 30:
            break
        time.sleep(0.3)

    with undone("ns", f"pdnsutil replace-rrset {domain} _dmarc TXT 60 '\"v=DMARC1; p=none\"'"):
        climbed = pyinfra("deploys/zone.py", "-y", *own).stdout
        assert "none becomes quarantine: 7 days of reports by 2 receivers" in climbed, climbed
        assert "p=quarantine" in published(domain)
        again = pyinfra("deploys/zone.py", "-y", *own).stdout
        assert "quarantine stays, and reject follows when reports come in" in again
        assert "p=quarantine" in published(domain)
