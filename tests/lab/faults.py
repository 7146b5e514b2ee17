"""
Faults of the lab, each one switch, and exactly what each of them makes fail.

Faults that do not touch each other are switched on together, and one proof has to tell all of them
apart: what it calls an error or a warning is what they make fail, and nothing besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.lab.running import LAB

Failing = tuple[str, str]  # a question's id, and the host or domain that it is about
HARBOR, ORCHARD = "harbor.example", "orchard.example"


@dataclass(frozen=True)
class Fault:
    """What breaks a host, what fails then, and what mends it where the whole does not."""

    host: str
    breaks: str
    fails: tuple[Failing, ...]
    mends: str = "true"


def fault(host: str, breaks: str, *fails: Failing, mends: str = "true") -> Fault:
    return Fault(host, breaks, fails, mends)


def record(*words: str, verb: str = "replace-rrset") -> str:
    """Return what changes a record set in the lab's name server: zone, name, type, value."""
    zone, name, rdtype, *values = words
    quoted = " ".join(f"'{value}'" for value in values)
    ttl = "" if verb == "delete-rrset" else "3600"
    return f"pdnsutil {verb} {zone} {name} {rdtype} {ttl} {quoted} >/dev/null"


_LAST, _, _REVERSE = LAB.pointer("mx1").partition(".")
FORGED = "Received: from x.example ([192.0.2.1]) by mx1.harbor.example with SMTP id 1"
# What Postfix is told by one word each, to be taken back with the whole main.cf.
MX1: Sequence[Fault] = (
    fault(
        "mx1",
        "postconf 'body_checks=regexp:{ {/^[.]one/ REPLACE .two} }'",
        ("delivery.intact", HARBOR),
    ),
    fault(
        "mx1",
        "postconf 'header_checks=regexp:{"
        " {/^Subject: (Test.*)/ REPLACE Subject: [mx1] $$1}"
        " {/^Subject: Undelivered/ DISCARD} {/^Subject: Successful Mail/ DISCARD}"
        f" {{/^Date:/ PREPEND {FORGED}; Mon, 5 Oct 2026 09:30:00 +0000}} }}'",
        ("delivery.headers", HARBOR),
        ("delivery.hops", HARBOR),
        ("delivery.success_notice", HARBOR),
        ("delivery.failure_notice", HARBOR),
    ),
    fault(
        "mx1",
        "postconf 'smtp_header_checks=regexp:{"
        " {/^Subject:/ PREPEND DKIM-Signature: v=1; a=rsa-sha256; d=harbor.example; s=old; h=from;"
        " bh=AAAA; b=AAAA}"
        " {/^To:/ PREPEND ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.example; s=x; b=AAAA} }'",
        ("delivery.signature", HARBOR),
        ("delivery.arc", HARBOR),
    ),
    fault(
        "mx1",
        "postconf 'smtpd_recipient_restrictions="
        "check_recipient_access inline:{ {captain@harbor.example=REJECT} }'",
        ("delivery.recipients", HARBOR),
        ("host.drift", "mx1"),
    ),
)
MX2: Sequence[Fault] = (
    # Postfix takes a bare LF from those whom it trusts, which is a fault of its own.
    fault(
        "mx2",
        "postconf 'mynetworks=0.0.0.0/0,[::]/0'",
        ("smtp.relay", "mx2"),
        ("smtp.smuggling", "mx2"),
    ),
    fault(
        "mx2",
        "postconf 'smtpd_recipient_restrictions="
        "check_recipient_access inline:{ {abuse@orchard.example=REJECT} }'",
        ("smtp.postmaster", "mx2"),
        ("delivery.recipients", ORCHARD),
        ("host.drift", "mx2"),
    ),
    fault("mx2", "postconf 'smtpd_banner=localhost ESMTP'", ("smtp.banner", "mx2")),
    fault("mx2", "postconf smtpd_tls_exclude_ciphers=aNULL", ("smtp.protocols", "mx2")),
    fault(
        "mx2",
        "systemd-run -q --unit=shown python3 -m http.server 6379",
        ("smtp.ports", "mx2"),
        mends="systemctl stop shown",
    ),
    fault("mx2", "postconf disable_vrfy_command=no", ("smtp.verbs", "mx2")),
    fault(
        "mx2",
        "postconf smtpd_hard_error_limit=100 smtpd_soft_error_limit=100",
        ("smtp.guessing", "mx2"),
    ),
    fault(
        "mx2",
        "postconf -P smtp/inet/message_size_limit=10000000",
        ("smtp.size", "mx2"),
    ),
    fault(
        "mx2",
        "systemctl disable -q fail2ban",
        ("host.services", "mx2"),
        mends="systemctl enable -q fail2ban",
    ),
    fault(
        "mx2",
        "touch /var/spool/postfix/corrupt/X",
        ("host.queue", "mx2"),
        mends="rm /var/spool/postfix/corrupt/X",
    ),
    fault(
        "mx2",
        "chmod 644 /var/lib/pyinfra-mail/dkim/mx2-rsa.key",
        ("host.keys", "mx2"),
        mends="chmod 600 /var/lib/pyinfra-mail/dkim/mx2-rsa.key",
    ),
    fault(
        "mx2",
        "touch /run/reboot-required",
        ("host.updates", "mx2"),
        mends="rm /run/reboot-required",
    ),
)
NAMES: Sequence[Fault] = (
    fault(
        "ns",
        record(HARBOR, "mx1", "TXT", '"v=spf1 -all"'),
        ("dns.spf_senders", "mx1.harbor.example"),
    ),
    fault(
        "ns",
        record(HARBOR, "_smtp._tls", "TXT", '"v=TLSRPTv1"', verb="add-record"),
        ("dns.tls_rpt", HARBOR),
    ),
    fault(
        "ns",
        record(HARBOR, "_mta-sts", "TXT", '"v=STSv1; id=1"'),
        ("dns.mta_sts", HARBOR),
    ),
    fault(
        "ns",
        record(HARBOR, "_dmarc", "TXT", '"v=DMARC1; p=none; rua=mailto:visitor@faraway.example"'),
        ("dns.dmarc_reports", HARBOR),
    ),
    fault(
        "ns",
        record(ORCHARD, "@", "NS", "gone.nic.example.", verb="add-record"),
        ("dns.servers", ORCHARD),
    ),
    fault(
        "ns",
        record(ORCHARD, "_dmarc", "TXT", verb="delete-rrset"),
        ("dns.dmarc", ORCHARD),
        ("delivery.dmarc", ORCHARD),
    ),
    fault(
        "ns",
        record(ORCHARD, "@", "TXT", '"v=spf1 -all"', verb="add-record"),
        ("dns.spf", ORCHARD),
        ("dns.spf_senders", ORCHARD),
        ("delivery.spf", ORCHARD),
        ("delivery.spf_evaluated", ORCHARD),
    ),
    fault(
        "ns",
        record(ORCHARD, "mx2-rsa._domainkey", "TXT", '"v=DKIM1; k=rsa; p=AAAA"'),
        ("dns.dkim", ORCHARD),
        ("delivery.dkim", ORCHARD),
        ("delivery.signature", ORCHARD),
    ),
    fault(
        "ns",
        record(HARBOR, "_submissions._tcp", "SRV", verb="delete-rrset"),
        ("dns.srv", HARBOR),
    ),
    fault(
        "ns",
        record(ORCHARD, "@", "MX", "50 gone.orchard.example.", verb="add-record"),
        ("dns.mx", ORCHARD),
    ),
    fault("ns", record(_REVERSE, _LAST, "PTR", "mail.faraway.example."), ("dns.ptr", "mx1")),
    fault(
        "ns",
        record(ORCHARD, "mx2", "A", LAB.address("ns"), verb="add-record"),
        ("dns.address", "mx2"),
        ("dns.srv", ORCHARD),
    ),
    fault(
        "ns",
        record(".", HARBOR, "DS", verb="delete-rrset") + "; pdnsutil rectify-zone . >/dev/null",
        ("dns.dnssec", HARBOR),
    ),
)
BATCHES: Mapping[str, Sequence[Fault]] = {"mx1": MX1, "mx2": MX2, "names": NAMES}
