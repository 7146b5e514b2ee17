"""Reports for the tests: one in which all is well, one in which much is not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from deploys.checks import attendance, waivers
from deploys.checks.delivery import arrival, authentication, notices, recipients, signatures
from deploys.checks.dns import keys, names, tlsa
from deploys.checks.finding import Finding, Severity, Waived
from deploys.checks.smtp import certificates, strangers, submission
from deploys.checks.verdict import Change, Comparison, Message, Report, Turn

STARTED = datetime(2026, 10, 4, 9, 30, tzinfo=UTC)
NS = ("ns.nic.example (203.0.113.2)", "ns.nic.example (2001:db8:25::2)")
FLEET = (
    ("mx1", "harbor.example", ("203.0.113.11", "2001:db8:25::11")),
    ("mx2", "orchard.example", ("203.0.113.12", "2001:db8:25::12")),
)


def _messages() -> tuple[Message, ...]:
    paths = [f"{host} -> visitor@faraway.example" for host, _, _ in FLEET]
    paths += [f"peer -> postmaster@{domain}" for _, domain, _ in FLEET]
    paths += [
        f"outside -> {host} at {address} -> postmaster@{domain}"
        for host, domain, addresses in FLEET
        for address in addresses
    ]
    return tuple(
        Message(f"5f0c2a9be714-{number}", path, 0.2 + number / 10, arrived=True)
        for number, path in enumerate(paths, 1)
    )


def _of_domain(host: str, domain: str, messages: tuple[Message, ...]) -> list[Finding]:
    found = [
        *(names.MX.ok(domain, f"{ns}: 10 {host}.{domain}.") for ns in NS),
        *(names.SPF.ok(domain, f"{ns}: v=spf1 mx ~all") for ns in NS),
        *(names.DMARC.ok(domain, f"{ns}: v=DMARC1; p=none") for ns in NS),
        *(
            keys.DKIM.ok(domain, f"{ns}: {selector}._domainkey.{domain} holds the key that signs")
            for selector in (f"{host}-rsa", f"{host}-ed25519")
            for ns in NS
        ),
    ]
    for message in messages:
        if host in message.path or domain in message.path:
            box = f"/var/mail/root on {host}"
            found.append(arrival.ARRIVED.ok(domain, f"{message.path}: found in {box}"))
            found.append(arrival.SECONDS.ok(domain, f"{message.path}: {message.seconds:.1f} s"))
    spf = f"spf=pass smtp.mailfrom={domain}"
    found.append(authentication.SPF.ok(domain, f"{host} -> visitor@faraway.example: {spf}"))
    for selector in (f"{host}-rsa", f"{host}-ed25519"):
        saw = f"{host} -> visitor@faraway.example: signature {selector} passed"
        found.append(signatures.DKIM.ok(domain, saw))
    found.append(authentication.DMARC.ok(domain, f"{host} -> visitor@faraway.example: DMARC pass"))
    path = f"outside -> {host} at 203.0.113.11 port 465 as captain@{domain}"
    found.append(submission.PRIVACY.ok(domain, f"{path}: neither address nor program"))
    saw = f"{host} -> visitor@faraway.example, NOTIFY=SUCCESS: {host}.{domain} says relayed 2.0.0"
    found.append(notices.SUCCESS.ok(domain, saw))
    saw = f"{host} -> nobody@faraway.example, NOTIFY=FAILURE: {host}.{domain} says failed 5.1.1"
    found.append(notices.FAILURE.ok(domain, saw))
    found.append(recipients.RECIPIENTS.ok(domain, f"{host} accepts 3 of 3 addresses"))
    return found


def _of_host(host: str, domain: str, addresses: tuple[str, ...]) -> list[Finding]:
    found = [attendance.HOST.ok(host, "it took part in the run")]
    found += (names.ADDRESS.ok(host, f"{ns}: {host}.{domain} A {addresses[0]}") for ns in NS)
    shown = f"4 records name the keys shown at {', '.join(addresses)}"
    found += (tlsa.TLSA.ok(host, f"{ns}: {shown}") for ns in NS)
    for address in addresses:
        rcpt = f"{host} at {address} answered RCPT TO:"
        nobody = f"no-such-user-91be@{domain}"
        unknown = f"550 5.1.1 <{nobody}>: Recipient address rejected"
        relay = "554 5.7.1 <visitor@faraway.example>: Relay access denied"
        found += [
            strangers.CONNECT.ok(host, f"{host} at {address} answers as {host}.{domain}"),
            strangers.STARTTLS.ok(host, f"{host} at {address} speaks TLSv1.3 after STARTTLS"),
            certificates.TLS.ok(
                host,
                f"{host} at {address} shows for {host}.{domain} a certificate by itself until "
                "2036-10-01",
            ),
            strangers.POSTMASTER.ok(host, f"{rcpt}<postmaster@{domain}>: 250 2.1.5 Ok"),
            strangers.POSTMASTER.ok(host, f"{rcpt}<abuse@{domain}>: 250 2.1.5 Ok"),
            strangers.UNKNOWN_RECIPIENT.ok(host, f"{rcpt}<{nobody}>: {unknown}"),
            strangers.RELAY.ok(host, f"{rcpt}<visitor@faraway.example> from <>: {relay}"),
        ]
        for port in (465, 587):
            saw = f"{host} at {address} port {port} asks for a password under TLS"
            found.append(submission.SUBMISSION.ok(host, saw))
    return found


def good() -> Report:
    """Return a report in which all is well."""
    messages = _messages()
    findings = [attendance.HOST.ok("peer", "it took part in the run")]
    for host, domain, addresses in FLEET:
        findings += _of_domain(host, domain, messages)
        findings += _of_host(host, domain, addresses)
    changes = {"hosts": 2, "zones": 2}
    comparison = Comparison(STARTED - timedelta(days=1))
    return Report(tuple(findings), messages, changes, STARTED, 2.4, "lab", comparison=comparison)


def bad() -> Report:
    """Return a report of an open relay, a lost message, and questions that stayed open."""
    whole = good()
    lost = replace(whole.messages[1], seconds=None, arrived=False)
    slow = replace(whole.messages[2], seconds=14.2)
    relay = "mx1 at 203.0.113.11 answered RCPT TO:<visitor@faraway.example> from <>: 250 2.1.5 Ok"
    closed = "mx2 at 2001:db8:25::12 port 25 could not be reached: [Errno 101] unreachable"
    problems = [
        strangers.RELAY.error("mx1", relay, "keep reject_unauth_destination in its restrictions"),
        arrival.ARRIVED.error(
            "orchard.example",
            f"{lost.path}: not in /var/mail/visitor on peer",
            f"look for {lost.id} in the mail log and the queue (mailq) of mx2",
        ),
        arrival.SECONDS.warning(
            "harbor.example", f"{slow.path}: 14.2 s", "look in the mail log of each hop"
        ),
        strangers.CONNECT.unknown(
            "mx2", f"{closed}; nothing answered over IPv6", "use another machine"
        ),
        strangers.STARTTLS.unknown("mx2", f"not asked: {closed}", "mend smtp.connect first"),
        strangers.RELAY.unknown("mx2", f"not asked: {closed}", "mend smtp.connect first"),
        replace(
            certificates.TLS.warning("mx2", "mx2 shows a certificate until 2026-10-12", "renew it"),
            severity=Severity.WAIVED,
            waived=Waived(Severity.WARNING, date(2026, 10, 10), "the new one comes with the move"),
        ),
        waivers.WAIVER.ok("smtp.tls of mx2", "until 2026-10-10: the new one comes with the move"),
        waivers.WAIVER.error(
            "dns.dmarc",
            "the waiver ended on 2026-09-30: the owner of the zone was away",
            "mend what it waived, or give it a later end in verify_waivers",
        ),
        attendance.HOST.info("mx3", "left out by --limit or --exclude", "run without the limit"),
    ]
    return replace(
        whole,
        findings=(*whole.findings, *problems),
        messages=(whole.messages[0], lost, slow, *whole.messages[3:]),
        changes={"hosts": 0, "zones": 0},
        comparison=Comparison(STARTED - timedelta(days=1), tuple(_news())),
    )


def _news() -> Iterator[Change]:
    ok, warning, error = Severity.OK, Severity.WARNING, Severity.ERROR
    slow = "peer -> postmaster@harbor.example: 14.2 s"
    yield Change(Turn.NEW, "delivery.seconds", "domain", "harbor.example", ok, warning, slow)
    yield Change(Turn.WORSE, "smtp.relay", "host", "mx1", warning, error, "mx1 answered 250")
    yield Change(Turn.GONE, "dns.mx", "domain", "harbor.example", error, ok, "10 mx1")


def part() -> Report:
    """Return a report of a run that asked the DNS alone."""
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
