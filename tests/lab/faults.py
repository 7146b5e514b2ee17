"""
Faults of the lab, each one switch, and exactly what each of them makes fail.

Faults that do not touch each other are switched on together, and one proof has to tell all of them
apart: what it calls an error or a warning is what they make fail, and nothing besides.
"""

import base64
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.runs import LAB

Failing = tuple[str, str]  # a question's id, and the host or domain that it is about
HARBOR, ORCHARD = "harbor.example", "orchard.example"


@dataclass(frozen=True)
class Fault:
    """
    What breaks a host, what fails then, and what mends it where the whole does not.

    `hides` is what nobody can ask any more, `data` what the operator says in the proof.
    """

    host: str
    breaks: str
    fails: tuple[Failing, ...]
    mends: str = "true"
    hides: tuple[Failing, ...] = ()
    data: tuple[str, ...] = ()


def fault(
    host: str,
    breaks: str,
    *fails: Failing,
    mends: str = "true",
    hides: tuple[Failing, ...] = (),
    data: tuple[str, ...] = (),
) -> Fault:
    return Fault(host, breaks, fails, mends, hides, data)


def said(*data: str, fails: tuple[Failing, ...]) -> Fault:
    """Return a fault that is in the operator's own words."""
    return Fault("", "", fails, data=data)


def record(*words: str, verb: str = "replace-rrset") -> str:
    """Return what changes a record set in the lab's name server: zone, name, type, value."""
    zone, name, rdtype, *values = words
    quoted = " ".join(f"'{value}'" for value in values)
    ttl = "" if verb == "delete-rrset" else "3600"
    return f"pdnsutil {verb} {zone} {name} {rdtype} {ttl} {quoted} >/dev/null"


def records(zone: str, values: Mapping[str, str]) -> str:
    """Return what adds addresses to a zone, by their names in it."""
    added = (record(zone, name, "A", value, verb="add-record") for name, value in values.items())
    return "; ".join((*added, f"pdnsutil rectify-zone {zone} >/dev/null"))


_LAST, _, _REVERSE = LAB.pointer("mx1").partition(".")
FORGED = "Received: from x.example ([192.0.2.1]) by mx1.harbor.example with SMTP id 1"
_SERVED = "/etc/ssl/private/pyinfra-mail"
# The keys that the DNS names, in certificates for a name of before.
_KEYS = f"umask 077; cd /run && csplit -szf shown- {_SERVED}/mx1.harbor.example.pem"
_KEYS += " '/BEGIN.*PRIVATE/' '{*}' &&"
_OTHER_NAME = (
    f"{_KEYS} for key in shown-*; do openssl pkey -in $key; openssl req -x509 -new -key $key"
    " -days 9 -subj /CN=old -addext subjectAltName=DNS:old.harbor.example; done >other.pem;"
    " rm shown-*; postconf smtpd_tls_chain_files=/run/other.pem"
)
# The same for those who know ECDSA, and for the others a key that the DNS does not name.
_OTHER_KEY = (
    f"{_KEYS} for key in shown-*; do"
    " openssl x509 -in $key -noout -text | grep -q id-ecPublicKey && cat $key; done >other.pem;"
    " rm shown-*; openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=mx1"
    " -addext subjectAltName=DNS:mx1.harbor.example -keyout key.pem -out new.pem 2>/dev/null;"
    " cat key.pem new.pem >>other.pem; rm key.pem new.pem;"
    " postconf smtpd_tls_chain_files=/run/other.pem"
)
_STARTTLS_FRONT = (Path(__file__).parent / "starttls_front.py").read_bytes()
_FRONT = (
    f"printf %s {base64.b64encode(_STARTTLS_FRONT).decode()} | base64 -d >/run/front.py;"
    ' postconf -M "10587/inet=$(postconf -M submission/inet | sed s/^submission/10587/)"'
    " && postconf -P 10587/inet/smtpd_tls_security_level=none 10587/inet/smtpd_tls_auth_only=no"
    " && postconf -MX submission/inet && postfix reload 2>/dev/null &&"
    f" systemd-run -q --unit=front python3 /run/front.py 587 10587"
    f" {_SERVED}/mx2.orchard.example.pem"
)
_VERIFYING = (LAB.lab.network4[1], LAB.lab.network6[1])  # where a proof asks from
# What Postfix is told by one word each, to be taken back with the whole main.cf.
MX1: Sequence[Fault] = (
    fault(
        "mx1",
        "postconf 'body_checks=regexp:{"
        " {/^[.]one/ REPLACE .two} {/^Action: / REPLACE Action: delayed} }'",
        ("delivery.intact", HARBOR),
        ("delivery.success_notice", HARBOR),
        ("delivery.failure_notice", HARBOR),
    ),
    fault(
        "mx1",
        "postconf 'header_checks=regexp:{"
        " {/^Subject: (Test.*)/ REPLACE Subject: [mx1] $$1}"
        f" {{/^Date:/ PREPEND {FORGED}; Mon, 5 Oct 2026 09:30:00 +0000}} }}'",
        ("delivery.headers", HARBOR),
        ("delivery.hops", HARBOR),
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
    fault(
        "mx1",
        "postconf 'virtual_alias_maps=lmdb:/etc/postfix/virtual,"
        " inline:{ {@harbor.example=root} }'",
        ("smtp.unknown_recipient", "mx1"),
    ),
    fault(
        "mx1",
        "postconf 'smtpd_data_restrictions="
        "check_client_access inline:{ {mail.faraway.example=sleep 11} }'",
        ("delivery.seconds", HARBOR),
    ),
    fault(
        "mx1",
        "postconf -P submission/inet/cleanup_service_name=cleanup",
        ("delivery.privacy", HARBOR),
    ),
    fault(
        "mx1",
        _OTHER_NAME,
        ("smtp.tls", "mx1"),
        mends="rm -f /run/other.pem",
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
    fault("mx2", "postconf -P smtp/inet/tls_config_name=", ("smtp.key_exchange", "mx2")),
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
        mends="rm -f /var/spool/postfix/corrupt/X",
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
        mends="rm -f /run/reboot-required",
    ),
    fault(
        "mx2",
        "postconf 'smtpd_discard_ehlo_keyword_address_maps=cidr:{"
        f" {' '.join(f'{{{address} starttls}}' for address in _VERIFYING)} }}'",
        ("smtp.starttls", "mx2"),
        ("smtp.banner", "mx2"),
        ("delivery.hops", ORCHARD),
        hides=(
            ("smtp.tls", "mx2"),
            ("smtp.protocols", "mx2"),
            ("smtp.key_exchange", "mx2"),
            ("smtp.injection", "mx2"),
            ("dns.tlsa", "mx2"),
        ),
    ),
    # For Postfix behind it everybody is this host itself, which is what smtp.smuggling says too.
    fault(
        "mx2", _FRONT, ("smtp.injection", "mx2"), mends="systemctl stop front; rm -f /run/front.py"
    ),
    fault(
        "mx2",
        "postconf 'virtual_alias_maps=lmdb:/etc/postfix/virtual,"
        " regexp:{ {/^[^@]*[+].*@orchard[.]example/ root} }'",
        ("smtp.backscatter", "mx2"),
    ),
    fault(
        "mx2",
        "postconf -P submissions/inet/smtpd_milters=",
        ("smtp.forgery", "mx2"),
        ("delivery.dkim", ORCHARD),
        ("delivery.signature", ORCHARD),
    ),
    # By IPv4 it gets through, so that no mail has to wait.
    fault(
        "mx2",
        "ip -6 rule add priority 50 ipproto 6 dport 25 prohibit",
        ("host.port25", "mx2"),
        mends="ip -6 rule del priority 50",
    ),
    # Postfix has a view of its own of what is mounted, from when it was started.
    fault(
        "mx2",
        "mount -t tmpfs -o size=64m,mode=2775,gid=mail small /var/mail; systemctl restart postfix",
        ("host.disk", "mx2"),
        mends="umount -l /var/mail; systemctl restart postfix",
    ),
    # A container has its machine's clock, so it is what tells the time that is wrong.
    fault(
        "mx2",
        "printf '#!/bin/sh\nexec /usr/bin/date -d -1min \"$@\"\n' >/usr/local/bin/date;"
        " chmod +x /usr/local/bin/date",
        ("host.clock", "mx2"),
        mends="rm -f /usr/local/bin/date",
    ),
)
_RESOLVER = LAB.lab.network4[5]  # a second one, on the host of the first
_RESOLVER_ON = f"{_RESOLVER}/{LAB.lab.network4.prefixlen} dev eth0"
_OLD_ANSWER = (
    "server:",
    "do-daemonize: no",
    'chroot: ""',
    'pidfile: ""',
    f"interface: {_RESOLVER}",
    f"access-control: {LAB.lab.network4} allow",
    "local-zone: orchard.example. typetransparent",
    'local-data: "orchard.example. 300 MX 10 old.orchard.example."',
    "forward-zone:",
    "name: .",
    f"forward-addr: {LAB.address('resolver')}",
)
_LISTED_ADDRESS, _, _ = LAB.pointer("mx1").partition(".in-addr")
_ENDED = {"id": "dns.spf", "reason": "the zone's owner is away", "until": "2026-01-31"}
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
        record(
            HARBOR,
            "_dmarc",
            "TXT",
            '"v=DMARC1; p=quarantine; sp=none; rua=mailto:visitor@faraway.example"',
        ),
        ("dns.dmarc_reports", HARBOR),
        ("dns.dmarc_subdomains", HARBOR),
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
    fault(
        "mx1",
        _OTHER_KEY,
        ("dns.tlsa", "mx1"),
        ("host.drift", "mx1"),
        mends="rm -f /run/other.pem",
    ),
    fault(
        "resolver",
        f"printf '%s\\n' {shlex.join(_OLD_ANSWER)} >/run/old.conf;"
        f" ip address add {_RESOLVER_ON};"
        " systemd-run -q --unit=old unbound -c /run/old.conf",
        ("dns.resolvers", ORCHARD),
        mends=f"systemctl stop old; ip address del {_RESOLVER_ON}",
        data=(f"verify_resolvers={_RESOLVER}",),
    ),
    fault(
        "ns",
        records(
            "nic.example",
            {
                "2.0.0.127.addresses": "127.0.0.2",
                f"{_LISTED_ADDRESS}.addresses": "127.0.0.4",
                "test.names": "127.0.1.2",
                f"{HARBOR}.names": "127.0.1.2",
            },
        ),
        ("reputation.blocklists", "mx1"),
        ("reputation.domain_lists", HARBOR),
        data=("verify_blocklists=addresses.nic.example,names.nic.example",),
    ),
    fault(
        "ns",
        record(HARBOR, "mx1", "CAA", '0 issue "other.example"'),
        ("dns.caa", "mx1"),
        data=("mail_caa=authority.example",),
    ),
    # An inventory that asks for what nobody has deployed.
    said(
        "mail_tls=acme",
        "mail_autoconfig=true",
        fails=(
            *((id_, host) for id_ in ("smtp.tls", "host.services") for host in ("mx1", "mx2")),
            *(("dns.autoconfig", domain) for domain in (HARBOR, ORCHARD)),
        ),
    ),
    said(
        f"verify_bulk={Path(__file__).parent / 'newsletter.eml'}",
        fails=(("delivery.unsubscribe", HARBOR),),
    ),
    said(f"verify_waivers={json.dumps([_ENDED])}", fails=(("run.waiver", "dns.spf"),)),
)
BATCHES: Mapping[str, Sequence[Fault]] = {"mx1": MX1, "mx2": MX2, "names": NAMES}
