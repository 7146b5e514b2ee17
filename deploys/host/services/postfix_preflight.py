"""
Preflight and probes of Postfix: SMTP dialogues (RFC 5321) before and after a switch.

They verify TLS with the right certificate, mail for postmaster accepted and delivered, an unknown
recipient refused, no relaying for unauthenticated clients, and AUTH offered under TLS only.
"""

import re
from base64 import b64encode
from collections.abc import Iterator

from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ..dkim.signing_table import SigningTable
from ..model.desired import Dialogue, Preflight, Step

OFFERS_AUTH = r"(.*\n)?AUTH "  # a line of the answer to EHLO; the first is the host's name
SASL_HINT = "check smtpd_sasl_path, and that Dovecot answers there"
OUTSIDE = "192.0.2.1"  # RFC 5737: an address that no host trusts


def _own_address(settings: MailSettings) -> str:
    """Return an address that Postfix listens on."""
    interfaces = settings.postfix_value("inet_interfaces").replace(",", " ").split()
    addresses = [str(address) for address in settings.addresses]
    return next((part for part in interfaces if part in addresses), "127.0.0.1")


def preflight(
    settings: MailSettings,
    start: tuple[tuple[str, ...], ...],
    signs: SigningTable,
) -> Preflight:
    """Return the preflight of Postfix: its start, its dialogues, and lines that it must log."""
    return Preflight(
        start=start,
        dialogues=(
            *probes(settings),
            *_logins(settings),
            *_outside_senders(settings),
            *_deliveries(settings),
        ),
        log=(
            r"status=sent",
            r"to=<[^>]*@elsewhere\.invalid>.*status=(deferred|bounced)",
            *_signatures(settings, signs),
        ),
    )


def _signatures(settings: MailSettings, signs: SigningTable) -> Iterator[str]:
    """Yield patterns of the log lines that show that the host signs its own mail."""
    own = settings.postfix_main.keys() & {"smtpd_milters", "local_header_rewrite_clients"}
    if own or "logging.inc" in settings.rspamd:
        return  # the operator has changed the milter or the log
    first = dkim_keys.signing_domains(settings)[0]
    for key in signs.get(first, ()):
        yield rf"DKIM_SIGNED.*{re.escape(first)}:s={key.selector}\b"


def probes(settings: MailSettings) -> list[Dialogue]:
    """Return the dialogues with the live server; they deliver no message."""
    target = _own_address(settings)
    known, unknown = _postmaster(settings), f"nobody-{'x' * 12}@{_domain(settings)}"
    shown = _certificate(settings)
    return [
        Dialogue(
            "starttls",
            "check smtpd_tls_security_level and smtpd_tls_chain_files",
            (_hello(), Step(certificate=shown), _hello()),
            target,
        ),
        Dialogue(
            "accepted",
            f"mail for {known} must be accepted (RFC 5321 section 4.5.1)",
            (_hello(), _from(""), _to(known, "^250"), Step("RSET", "^250")),
            target,
        ),
        Dialogue(
            "unknown recipient",
            "an unknown recipient must be refused with 550 5.1.1",
            (_hello(), _from(""), _to(unknown, r"^550 5\.1\.1")),
            target,
        ),
        *(_submission(target, shown) if settings.accounts else ()),
    ]


def _submission(target: str, certificate: str) -> list[Dialogue]:
    """Return the dialogues for submission; smtpd offers AUTH only if Dovecot answers."""
    without, offered = Step("EHLO", rf"^250 (?!{OFFERS_AUTH})"), Step("EHLO", f"^250 {OFFERS_AUTH}")
    under_tls = f"AUTH must be offered, and under TLS only; {SASL_HINT}"
    encrypted = Step(certificate=certificate)
    return [
        Dialogue("mail from outside", "AUTH must not be offered on port 25", (without,), target),
        Dialogue("submission", under_tls, (without, encrypted, offered), target, 587),
        Dialogue("submissions", under_tls, (offered,), target, 465, tls=certificate),
    ]


def _logins(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield a login with a wrong password; not for the live server, as Dovecot delays the reply."""
    if settings.accounts:
        wrong = b64encode(b"\0preflight@nobody.invalid\0wrong").decode()
        yield Dialogue(
            "wrong password",
            f"it must be refused with 535 5.7.8; {SASL_HINT}",
            (_hello(), Step(f"AUTH PLAIN {wrong}", r"^535 5\.7\.8")),
            _own_address(settings),
            465,
            tls=_certificate(settings),
        )


def _certificate(settings: MailSettings) -> str:
    """Return the file of the certificate that clients get."""
    return settings.postfix_value("smtpd_tls_chain_files").split(",")[0]


def _outside_senders(settings: MailSettings) -> list[Dialogue]:
    # 450: a restriction of the operator that needs the DNS, which a preflight does not have.
    return [
        Dialogue(
            name,
            hint,
            (_hello(), _from("sender@outside.invalid"), _to(recipient, expect)),
            _own_address(settings),
            source=OUTSIDE,
        )
        for name, recipient, expect, hint in (
            (
                "relay",
                "recipient@elsewhere.invalid",
                "^(5|450)",
                "outside senders could relay through it",
            ),
            (
                "inbound",
                _postmaster(settings),
                "^(250|450)",
                "mail from outside would be refused",
            ),
        )
    ]


def _deliveries(settings: MailSettings) -> list[Dialogue]:
    return [
        Dialogue(
            name,
            "mail from this host itself must be accepted",
            (_hello(), _from(sender), _to(recipient, "^250"), Step("DATA", "^250")),
            _own_address(settings),
        )
        for name, sender, recipient in (
            ("local delivery", "", _postmaster(settings)),
            ("delivery elsewhere", _postmaster(settings), "preflight@elsewhere.invalid"),
        )
    ]


def _hello() -> Step:
    return Step("EHLO", "^250")


def _from(address: str) -> Step:
    return Step(f"MAIL FROM:<{address}>", "^250")


def _to(address: str, expect: str) -> Step:
    return Step(f"RCPT TO:<{address}>", expect)


def _domain(settings: MailSettings) -> str:
    return settings.domains[0] if settings.domains else settings.hostname


def _postmaster(settings: MailSettings) -> str:
    return f"postmaster@{_domain(settings)}"
