"""Reports for the tests: one in which all is well, one in which much is not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from deploys.checks.core import waivers
from deploys.checks.core.finding import Finding, Severity, Waived
from deploys.checks.core.report import Change, Comparison, Message, Report, Stop, Turn
from deploys.checks.delivery import (
    arrival,
    authentication,
    bulk,
    dkim,
    integrity,
    notices,
    proofs,
    recipients,
    removal,
    trace,
)
from deploys.checks.dns import (
    autoconfig,
    caa,
    dmarc_reports,
    dnssec,
    keys,
    mta_sts,
    mx,
    names,
    resolvers,
    reverse,
    servers,
    spf,
    spf_senders,
    tls_rpt,
    tlsa,
)
from deploys.checks.dns import services as places
from deploys.checks.host import clock, disk, drift, port25, queue, services, updates
from deploys.checks.host import keys as host_keys
from deploys.checks.reputation import blocklists, rdap, rpki
from deploys.checks.run import reachability
from deploys.checks.smtp import (
    anonymous,
    backscatter,
    certificates,
    directory_harvest,
    forgery,
    greeting,
    injection,
    ports,
    protocols,
    size,
    smuggling,
    submission,
    vrfy_expn,
)

STARTED = datetime(2026, 10, 4, 9, 30, tzinfo=UTC)
NS = ("ns.nic.example (203.0.113.2)", "ns.nic.example (2001:db8:25::2)")
FLEET = (
    ("mx1", "harbor.example", ("203.0.113.11", "2001:db8:25::11")),
    ("mx2", "orchard.example", ("203.0.113.12", "2001:db8:25::12")),
)


LOOKED = {
    services.SERVICES: "postfix, rspamd.service, unbound.service are active and enabled",
    port25.PORT25: "reaches port 25 of 203.0.113.21",
    queue.QUEUE: "nothing waits",
    disk.DISK: "/ has 77198 MiB free, 74%",
    clock.CLOCK: "agrees with this machine, and is synchronised",
    drift.DRIFT: "the files of 6 services are as deployed, and Postfix as demanded",
    host_keys.KEYS: "3 files of keys are their owners' alone, and none is too old",
    updates.UPDATES: "no security update waits, by lists that are 5 hours old",
}


def _messages() -> tuple[Message, ...]:
    paths = [f"{host} -> visitor@faraway.example" for host, _, _ in FLEET]
    paths += [f"peer -> postmaster@{domain}" for _, domain, _ in FLEET]
    paths += [
        f"outside -> {host} at {address} -> postmaster@{domain}"
        for host, domain, addresses in FLEET
        for address in addresses
    ]
    return tuple(
        Message(
            f"5f0c2a9be714-{number}",
            path,
            0.2 + number / 10,
            arrived=True,
            hops=_hops(path, number),
        )
        for number, path in enumerate(paths, 1)
    )


def _hops(path: str, number: int) -> tuple[Stop, ...]:
    """Return the servers of a way: one on the way in, ours and the witness' on the way out."""
    stranger = Stop("mail.faraway.example", None, "LOCAL", "1xW8zc-000000000Jc-1bSn", 0)
    host = next(
        f"{name}.{domain}" for name, domain, _ in FLEET if name in path or f"@{domain}" in path
    )
    ours = Stop(host, None, "", f"3501023E90{number}", 0.1 + number / 20, "0.05/0.01/0.06/0.03")
    if path.endswith("@faraway.example"):
        return ours, replace(stranger, tls=True, protocol="ESMTPS")
    taken = replace(ours, tls=True, protocol="ESMTPS")
    return (taken,) if path.startswith("outside") else (stranger, taken)


def _of_domain(host: str, domain: str, messages: tuple[Message, ...]) -> list[Finding]:
    found = [
        *(mx.MX.ok(domain, f"{ns}: 10 {host}.{domain}.") for ns in NS),
        *(spf.SPF.ok(domain, f"{ns}: v=spf1 mx ~all") for ns in NS),
        *(names.DMARC.ok(domain, f"{ns}: v=DMARC1; p=none") for ns in NS),
        *(
            keys.DKIM.ok(domain, f"{ns}: {selector}._domainkey.{domain} holds the key that signs")
            for selector in (f"{host}-rsa", f"{host}-ed25519")
            for ns in NS
        ),
    ]
    found += [
        dmarc_reports.DMARC_REPORTS.ok(domain, "v=DMARC1; p=none: no reports, and none asked for"),
        *(mta_sts.MTA_STS.ok(domain, f"{ns}: no policy, and none is asked for") for ns in NS),
        *(
            tls_rpt.TLS_RPT.ok(domain, f"{ns}: no TLSRPTv1 policy, and none is asked for")
            for ns in NS
        ),
        *(
            places.SRV.ok(domain, f"{ns}: _{name}._tcp.{domain} SRV 0 1 {port} {host}.{domain}.")
            for name, port in (("submissions", 465), ("submission", 587))
            for ns in NS
        ),
        autoconfig.AUTOCONFIG.ok(domain, f"{domain}: mail_autoconfig is off, so nothing is wanted"),
        servers.SERVERS.ok(domain, f"{', '.join(NS)}: serial 2026100401"),
        dnssec.DNSSEC.ok(domain, f"MX of {domain}: signed, and the chain from the root holds"),
        resolvers.RESOLVERS.ok(domain, f"203.0.113.3: MX of {domain} is 10 {host}.{domain}."),
        spf_senders.SENDERS.ok(
            domain,
            f"{host} at 203.0.113.11, MAIL FROM: pass by mx (1 of 10 lookups, 0 of 2 void)",
        ),
    ]
    one_click = "news.eml: one click, signed, and its address is served"
    found.append(bulk.UNSUBSCRIBE.ok(domain, one_click))
    for message in messages:
        if host in message.path or domain in message.path:
            box = f"/var/mail/root on {host}"
            found.append(arrival.ARRIVED.ok(domain, f"{message.path}: found in {box}"))
            found.append(arrival.SECONDS.ok(domain, f"{message.path}: {message.seconds:.1f} s"))
            taken = ", ".join(f"{hop.name} {hop.seconds:.1f} s" for hop in message.hops)
            found.append(trace.HOPS.ok(domain, f"{message.path}: {taken}"))
            octets = f"{message.path}: all 2447 octets of its body"
            found.append(integrity.INTACT.ok(domain, octets))
            once = f"{message.path}: one each of Message-ID, Date, From, Subject, To, as sent"
            found.append(integrity.HEADERS.ok(domain, once))
    found += _proved(host, domain)
    passed = f"spf=pass smtp.mailfrom={domain}"
    found.append(authentication.SPF.ok(domain, f"{host} -> visitor@faraway.example: {passed}"))
    for selector in (f"{host}-rsa", f"{host}-ed25519"):
        saw = f"{host} -> visitor@faraway.example: signature {selector} passed"
        found.append(dkim.DKIM.ok(domain, saw))
    found.append(rdap.AGE.ok(domain, f"{domain}: a reserved name, which no registry knows"))
    public = f"{domain}: not a public name or address, so no list can hold it"
    found.append(blocklists.DOMAIN_LISTS.ok(domain, public))
    found.append(authentication.DMARC.ok(domain, f"{host} -> visitor@faraway.example: DMARC pass"))
    path = f"outside -> {host} at 203.0.113.11 port 465 as captain@{domain}"
    found.append(submission.PRIVACY.ok(domain, f"{path}: neither address nor program"))
    saw = f"{host} -> visitor@faraway.example, NOTIFY=SUCCESS: {host}.{domain} says relayed 2.0.0"
    found.append(notices.SUCCESS.ok(domain, saw))
    saw = f"{host} -> nobody@faraway.example, NOTIFY=FAILURE: {host}.{domain} says failed 5.1.1"
    found.append(notices.FAILURE.ok(domain, saw))
    found.append(recipients.RECIPIENTS.ok(domain, f"{host} accepts 3 of 3 addresses"))
    return found


def _proved(host: str, domain: str) -> Iterator[Finding]:
    path = f"{host} -> visitor@faraway.example"
    for algorithm in ("rsa", "ed25519"):
        saw = f"{path}: {host}-{algorithm}._domainkey.{domain} ({algorithm}-sha256) verifies"
        yield proofs.SIGNATURE.ok(domain, saw)
    yield proofs.SPF.ok(domain, f"{path}: pass for 203.0.113.11 and {domain} (mx)")
    yield proofs.ARC.ok(domain, f"{path}: nobody on its way sealed it, and nobody has to")


def _of_host(host: str, domain: str, addresses: tuple[str, ...]) -> list[Finding]:
    found = [reachability.HOST.ok(host, "it took part in the run")]
    found.append(removal.TIDIED.ok(host, f"{host}: test messages removed from /var/mail/root: 6"))
    found += (names.ADDRESS.ok(host, f"{ns}: {host}.{domain} A {addresses[0]}") for ns in NS)
    shown = f"4 records name the keys shown at {', '.join(addresses)}"
    found += (tlsa.TLSA.ok(host, f"{ns}: {shown}") for ns in NS)
    found += (reverse.PTR.ok(host, f"{one} is called {host}.{domain}") for one in addresses)
    lets_in = (
        f'CAA at {host}.{domain} says 0 issue "letsencrypt.org", which lets in letsencrypt.org'
    )
    found.append(caa.CAA.ok(host, f"{host}.{domain}: {lets_in}"))
    for address in addresses:
        rcpt = f"{host} at {address} answered RCPT TO:"
        nobody = f"no-such-user-91be@{domain}"
        unknown = f"550 5.1.1 <{nobody}>: Recipient address rejected"
        relay = "554 5.7.1 <visitor@faraway.example>: Relay access denied"
        found += [
            anonymous.CONNECT.ok(host, f"{host} at {address} answers as {host}.{domain}"),
            anonymous.STARTTLS.ok(host, f"{host} at {address} speaks TLSv1.3 after STARTTLS"),
            greeting.BANNER.ok(
                host,
                f"{host} at {address} answers as {host}.{domain}, "
                f"with {', '.join(greeting.EXTENSIONS)}, SMTPUTF8",
            ),
            certificates.TLS.ok(
                host,
                f"{host} at {address} shows for {host}.{domain} a certificate by itself until "
                "2036-10-01",
            ),
            protocols.PROTOCOLS.ok(
                host,
                f"{host} at {address} speaks TLS 1.2, TLS 1.3 with 11 cipher suites and no known "
                "hole",
            ),
            ports.HIDDEN.ok(host, f"{host} at {address} shows none of 25 ports"),
            anonymous.POSTMASTER.ok(host, f"{rcpt}<postmaster@{domain}>: 250 2.1.5 Ok"),
            anonymous.POSTMASTER.ok(host, f"{rcpt}<abuse@{domain}>: 250 2.1.5 Ok"),
            anonymous.UNKNOWN_RECIPIENT.ok(host, f"{rcpt}<{nobody}>: {unknown}"),
            vrfy_expn.VERBS.ok(host, f"{host} at {address}: VRFY 502 5.5.1 disabled"),
            directory_harvest.GUESSING.ok(
                host, f"{host} at {address} answered guess 11 after 1.0 s"
            ),
            size.SIZE.ok(host, f"{host} at {address} offers SIZE 26214400"),
            backscatter.BACKSCATTER.ok(
                host,
                f"{rcpt}<no-such-user-91be+tag@{domain}>: 550 5.1.1 Recipient address rejected",
            ),
            smuggling.SMUGGLING.ok(host, f"{host} at {address} ended no message at LF.LF, LF.CRLF"),
            injection.INJECTION.ok(
                host, f"{host} at {address} forgot the NOOP that came with STARTTLS"
            ),
            anonymous.RELAY.ok(host, f"{rcpt}<visitor@faraway.example> from <>: {relay}"),
        ]
        for port in (465, 587):
            saw = f"{host} at {address} port {port} asks for a password under TLS"
            found.append(submission.SUBMISSION.ok(host, saw))
        login, other = f"captain@{domain}", f"no-such-user-91be@{domain}"
        saw = f"{host} at {address} port 465 answered {login} with From: {other}: 554 5.7.1 not its"
        found.append(forgery.FORGERY.ok(host, saw))
        public = "not a public name or address, so no list can hold it"
        found.append(blocklists.BLOCKLISTS.ok(host, f"{host} at {address}: {public}"))
        found.append(rpki.RPKI.ok(host, f"{address}: not a public address"))
    found += (question.ok(host, f"{host}: {saw}") for question, saw in LOOKED.items())
    return found


def good() -> Report:
    """Return a report in which all is well."""
    messages = _messages()
    findings = [
        reachability.HOST.ok("peer", "it took part in the run"),
        removal.TIDIED.ok("peer", "peer: test messages removed from /var/mail/visitor: 2"),
    ]
    for host, domain, addresses in FLEET:
        findings += _of_domain(host, domain, messages)
        findings += _of_host(host, domain, addresses)
    changes = {"hosts": 2, "zones": 2}
    comparison = Comparison(STARTED - timedelta(days=1))
    return Report(tuple(findings), messages, changes, STARTED, 2.4, "lab", comparison=comparison)


def bad() -> Report:
    """Return a report of an open relay, a lost message, and questions that stayed open."""
    whole = good()
    lost = replace(whole.messages[1], seconds=None, arrived=False, hops=())
    sat = replace(
        whole.messages[2].hops[-1],
        tls=False,
        protocol="ESMTP",
        seconds=14.02,
        delays="0.02/0.01/13.9/0.09",
    )
    slow = replace(whole.messages[2], seconds=14.2, hops=(whole.messages[2].hops[0], sat))
    relay = "mx1 at 203.0.113.11 answered RCPT TO:<visitor@faraway.example> from <>: 250 2.1.5 Ok"
    closed = "mx2 at 2001:db8:25::12 port 25 could not be reached: [Errno 101] unreachable"
    problems = [
        anonymous.RELAY.error("mx1", relay, "keep reject_unauth_destination in its restrictions"),
        arrival.ARRIVED.error(
            "orchard.example",
            f"{lost.path}: not in /var/mail/visitor on peer",
            f"look for {lost.id} in the mail log and the queue (mailq) of mx2",
        ),
        arrival.SECONDS.warning(
            "harbor.example", f"{slow.path}: 14.2 s", "look in the mail log of each hop"
        ),
        anonymous.CONNECT.unknown(
            "mx2", f"{closed}; nothing answered over IPv6", "use another machine"
        ),
        anonymous.STARTTLS.unknown("mx2", f"not asked: {closed}", "mend smtp.connect first"),
        anonymous.RELAY.unknown("mx2", f"not asked: {closed}", "mend smtp.connect first"),
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
        reachability.HOST.info("mx3", "left out by --limit or --exclude", "run without the limit"),
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
