"""
What Postfix is asked before and after a switch, over SMTP (RFC 5321) as everybody asks it.

Each dialogue stands for a promise: TLS with the right certificate, mail for postmaster accepted
and delivered, an unknown address refused at once, no relaying for strangers, and passwords asked
for where nobody else can read them.
"""

import re
from base64 import b64encode
from collections.abc import Iterator

from ...mail.settings import dkim_keys
from ...mail.settings.model import MailSettings
from ..dkim.signing_table import SigningTable
from ..model.desired import Dialogue, Preflight, Step

OFFERS_AUTH = r"(.*\n)?AUTH "  # a line of the answer to EHLO; the first is the host's name
AWAY = "see smtpd_sasl_path, and whether Dovecot answers there"
OUTSIDE = "192.0.2.1"  # RFC 5737: an address that no host trusts


def _listening(settings: MailSettings) -> str:
    chosen = settings.postfix_value("inet_interfaces").replace(",", " ").split()
    mine = [str(address) for address in settings.addresses]
    return next((part for part in chosen if part in mine), "127.0.0.1")


def preflight(
    settings: MailSettings,
    start: tuple[tuple[str, ...], ...],
    signs: SigningTable,
) -> Preflight:
    """Return how Postfix is rehearsed: started so, asked all this, and what its log must show."""
    return Preflight(
        start=start,
        dialogues=(
            *probes(settings),
            *_logins(settings),
            *_strangers(settings),
            *_deliveries(settings),
        ),
        log=(
            r"status=sent",
            r"to=<[^>]*@elsewhere\.invalid>.*status=(deferred|bounced)",
            *_signatures(settings, signs),
        ),
    )


def _signatures(settings: MailSettings, signs: SigningTable) -> Iterator[str]:
    """Yield the lines of the log that show a signed message of the host's own, as patterns."""
    own = settings.postfix_main.keys() & {"smtpd_milters", "local_header_rewrite_clients"}
    if own or "logging.inc" in settings.rspamd:
        return  # the operator has changed who signs, or the log
    first = dkim_keys.signing_domains(settings)[0]
    for key in signs.get(first, ()):
        yield rf"DKIM_SIGNED.*{re.escape(first)}:s={key.selector}\b"


def probes(settings: MailSettings) -> list[Dialogue]:
    """Return what the live server is asked from the host itself; nothing of it is delivered."""
    target = _listening(settings)
    known, unknown = _postmaster(settings), f"nobody-{'x' * 12}@{_domain(settings)}"
    shown = _shown(settings)
    return [
        Dialogue(
            "starttls",
            "see smtpd_tls_security_level and smtpd_tls_chain_files",
            (_hello(), Step(certificate=shown), _hello()),
            target,
        ),
        Dialogue(
            "accepted",
            f"mail for {known} has to be accepted (RFC 5321 section 4.5.1)",
            (_hello(), _from(""), _to(known, "^250"), Step("RSET", "^250")),
            target,
        ),
        Dialogue(
            "unknown recipient",
            "an address that does not exist has to be refused with 550 5.1.1",
            (_hello(), _from(""), _to(unknown, r"^550 5\.1\.1")),
            target,
        ),
        *(_submission(target, shown) if settings.accounts else ()),
    ]


def _submission(target: str, certificate: str) -> list[Dialogue]:
    """Return what submission is asked; smtpd offers AUTH only where Dovecot answers it."""
    without, offered = Step("EHLO", rf"^250 (?!{OFFERS_AUTH})"), Step("EHLO", f"^250 {OFFERS_AUTH}")
    under_tls = f"AUTH has to be offered under TLS only; {AWAY}"
    encrypted = Step(certificate=certificate)
    return [
        Dialogue("mail from outside", "AUTH has no place on port 25", (without,), target),
        Dialogue("submission", under_tls, (without, encrypted, offered), target, 587),
        Dialogue("submissions", under_tls, (offered,), target, 465, tls=certificate),
    ]


def _logins(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield a wrong login; the live server is not asked, as the answer takes Dovecot a second."""
    if settings.accounts:
        wrong = b64encode(b"\0rehearsal@nobody.invalid\0wrong").decode()
        yield Dialogue(
            "wrong password",
            f"it has to be refused with 535 5.7.8; {AWAY}",
            (_hello(), Step(f"AUTH PLAIN {wrong}", r"^535 5\.7\.8")),
            _listening(settings),
            465,
            tls=_shown(settings),
        )


def _shown(settings: MailSettings) -> str:
    """Return the file whose certificate a client sees."""
    return settings.postfix_value("smtpd_tls_chain_files").split(",")[0]


def _strangers(settings: MailSettings) -> list[Dialogue]:
    # 450: a rule of the operator's that asks the DNS, which the rehearsal does not have.
    return [
        Dialogue(
            name,
            means,
            (_hello(), _from("stranger@outside.invalid"), _to(recipient, expect)),
            _listening(settings),
            source=OUTSIDE,
        )
        for name, recipient, expect, means in (
            ("relay", "victim@elsewhere.invalid", "^(5|450)", "strangers could send through it"),
            ("inbound", _postmaster(settings), "^(250|450)", "mail from outside would not come in"),
        )
    ]


def _deliveries(settings: MailSettings) -> list[Dialogue]:
    return [
        Dialogue(
            name,
            "mail from this host itself has to be taken",
            (_hello(), _from(sender), _to(recipient, "^250"), Step("DATA", "^250")),
            _listening(settings),
        )
        for name, sender, recipient in (
            ("local delivery", "", _postmaster(settings)),
            ("delivery elsewhere", _postmaster(settings), "rehearsal@elsewhere.invalid"),
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
