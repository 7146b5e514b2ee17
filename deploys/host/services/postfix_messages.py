"""
Messages of Postfix's preflight: one for each way into the host, and the places where they arrive.

They come over SMTP, by sendmail(1), and from an account on both ports of submission. A reply of 250
or a line of the log does not show that a message is kept: it must be in the mailbox or wait in the
queue, with the signatures of this host.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from ...mail.settings.model import MailSettings
from ..dkim.signing_table import SigningTable
from ..model.desired import Arrival, Command, Dialogue, LogLine, Step
from .dovecot_dialogues import delivered
from .smtp_steps import (
    ELSEWHERE,
    accepts,
    certificate,
    hello,
    mail_from,
    mailbox,
    postmaster,
    rcpt_to,
    reset,
    starttls,
    unknown,
)

LITERAL = "recipient@[192.0.2.254]"  # it needs no DNS, which a preflight does not have
TAKEN = "^(250|450)"  # 450: a rule that needs the DNS, which a preflight does not have
# With one of these the operator's own program keeps messages, in a place that only it knows.
OWN_DELIVERY = {
    *("mailbox_command", "mailbox_command_maps", "mailbox_transport", "mailbox_transport_maps"),
    *("fallback_transport", "local_transport", "local/unix", "virtual_transport"),
}
OF_MAILBOXES = {"virtual_transport"}  # of mail for mail_mailboxes
TO_MAILBOX = "mailbox"  # the message for one of these
# The header of a message, and not that of a message within it, such as one that was returned.
HEADER = r"\A(?:.+\n)*"
KEPT = r"relay=(?!none,)\S+, .*status=sent"  # discard(8) has no relay
OF_HOST = (
    "mail from this host itself must be accepted; check mynetworks, smtpd_relay_restrictions and "
    "smtpd_recipient_restrictions"
)
OF_PROGRAMS = "programs of this host must be able to send mail"
OF_ACCOUNT = (
    "an account must be able to send; check mua_sender_restrictions, mua_relay_restrictions, "
    "mua_recipient_restrictions, smtpd_sender_login_maps, submission/inet and submissions/inet"
)
FORGED = (
    "an account could send as anybody; check mua_sender_restrictions, smtpd_sender_login_maps, "
    "submission/inet and submissions/inet"
)
MAILBOX = (
    "a message that was accepted is in no mailbox; check myorigin, local_transport, "
    "mail_spool_directory, home_mailbox, header_checks, body_checks and pickup/unix, and "
    "mail_dovecot if it has mail_mailboxes"
)
QUEUE = (
    "a message to another domain was accepted and does not wait for its server; check "
    "default_transport, relayhost, transport_maps, header_checks and body_checks"
)
UNSIGNED = (
    "a message leaves without DKIM signature; check smtpd_milters, non_smtpd_milters and "
    "dkim_signing.conf"
)
UNSEEN = "rspamd has not seen a message; check smtpd_milters and non_smtpd_milters"
NO_BOUNCE = (
    "the sender of a message that cannot be delivered gets no bounce; check bounce/unix, "
    "soft_bounce and notify_classes"
)
STARTTLS_PORT = 587
UNSIGNED_MAIL = "send unsigned mail"
TEXT = """\
From: {author}
To: {author}
Subject: {subject}
Message-ID: <{id}>

This message belongs to the preflight of pyinfra-mail, which tests a new configuration.

It never leaves this host, and nobody has to read it.
"""


@dataclass(frozen=True)
class Sample:
    """A message with its author, the dialogue or command that sends it, and where it arrives."""

    name: str
    author: str
    sent: Dialogue | Command
    kept: bool = True  # in a mailbox
    queued: bool = False
    returned: bool = False  # to its sender's mailbox


def samples(settings: MailSettings, target: str) -> Iterator[Sample]:
    """Yield the messages of a preflight, in which the host answers at a target."""
    own = postmaster(settings)
    ends = settings.recipients.ends.get(own, (settings.postmaster,))
    kept = any("@" not in end or end in settings.mailboxes for end in ends)
    if ip_address(target).is_loopback:  # at another address the host is an outside sender
        name = "local delivery"
        sent = Dialogue(name, OF_HOST, (hello(), *_sent(name, own, own)), target)
        yield Sample(name, own, sent, kept=kept, queued=not kept)
        name = "delivery elsewhere"
        sent = Dialogue(name, OF_HOST, (hello(), *_sent(name, own, LITERAL)), target)
        yield Sample(name, own, sent, kept=False, queued=True)
    if settings.mailboxes:
        name = TO_MAILBOX
        argv: tuple[str, ...] = ("sendmail", "-i", "-f", own, "--", mailbox(settings))
        yield Sample(name, own, Command(name, OF_PROGRAMS, argv, _text(name, own)))
    # Without a domain, a program's recipient gets that of myorigin.
    ways = (("sendmail", "postmaster", ELSEWHERE), ("bounce", unknown(settings)))
    for name, *to in ways:
        argv = ("sendmail", "-i", "-f", own, "--", *to)
        command = Command(name, OF_PROGRAMS, argv, _text(name, own))
        away = len(to) > 1
        yield Sample(name, own, command, kept=kept, queued=away, returned=not away)
    for port, login in _ways_of_accounts(settings):
        author, sent = _submitted(settings, target, port, login)
        yield Sample(sent.name, author, sent, kept=kept, queued=not kept)


def _ways_of_accounts(settings: MailSettings) -> Iterator[tuple[int, str]]:
    """Yield each port of submission with an account, and with one of the bulk stream."""
    bulk = settings.bulk.accounts if settings.bulk else ()
    for group in (settings.ordinary_accounts, bulk):
        if group:
            yield from ((port, min(group)) for port in (465, 587))


def _submitted(settings: MailSettings, target: str, port: int, login: str) -> tuple[str, Dialogue]:
    """Return the author and the dialogue of a message from an account, to two recipients."""
    stream = settings.bulk and login in settings.bulk.accounts
    kind, author = "a bulk account" if stream else "an account", settings.logins[login].senders[0]
    name = f"mail from {kind} at port {port}"
    steps = (
        *_logged_in(settings, port, login),
        mail_from(author),
        rcpt_to(ELSEWHERE, TAKEN),
        reset(),
        *_sent(name, author, postmaster(settings)),
    )
    return author, Dialogue(name, OF_ACCOUNT, steps, target, port, tls=_tls(settings, port))


def forgeries(settings: MailSettings, target: str) -> Iterator[Dialogue]:
    """Yield the dialogues in which an account sends from an address that is not its own."""
    any_sender = accepts(settings, "let every account send as any sender")
    for port in (465, 587) if settings.logins and not any_sender else ():
        steps = (
            *_logged_in(settings, port, min(settings.logins)),
            mail_from("forged@elsewhere.invalid", "^[25]"),
            rcpt_to(postmaster(settings), "^5"),
        )
        name = f"forged sender at port {port}"
        yield Dialogue(name, FORGED, steps, target, port, tls=_tls(settings, port))


def arrivals(
    settings: MailSettings, sent: Iterable[Sample], signs: SigningTable
) -> Iterator[Arrival]:
    """Yield the messages with the places and the signatures that they must have."""
    for sample in () if accepts(settings, "discard mail") else sent:
        hidden = _own_delivery(settings, sample.name)
        subject = f"^Subject: {re.escape(_subject(sample.name))}$"
        kept = HEADER + subject.removeprefix("^")
        signatures = tuple(_signatures(settings, sample.author, signs))
        if sample.returned and sample.kept and not hidden:
            report = r"^Content-Type: multipart/report"
            yield Arrival(sample.name, NO_BOUNCE, (report, subject))
        elif sample.kept and not hidden and not _foreign_origin(settings, sample.name):
            yield from _arrival(Arrival(sample.name, MAILBOX, (kept,)), signatures)
        if sample.queued:
            title = f"{sample.name}, another domain" if sample.kept else sample.name
            yield from _arrival(Arrival(title, QUEUE, (subject,), queued=True), signatures)


def reads(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield the dialogue in which the user of a mailbox finds its message."""
    if not (accepts(settings, "discard mail") or _own_delivery(settings, TO_MAILBOX)):
        yield from delivered(settings, _subject(TO_MAILBOX))


def log(settings: MailSettings, sent: Iterable[Sample]) -> Iterator[LogLine]:
    """Yield the log lines about them: of a program's delivery, and of rspamd."""
    if _own_delivery(settings) and not accepts(settings, "discard mail"):
        yield LogLine(KEPT, f"local delivery: {MAILBOX}")
    unseen = "logging.inc" in settings.rspamd or accepts(settings, UNSIGNED_MAIL, "discard mail")
    for sample in () if unseen else sent:
        pattern = rf"rspamd.* id: <{re.escape(_id(sample.name, sample.author))}>"
        yield LogLine(pattern, f"milter of {sample.name}: {UNSEEN}")


def _arrival(arrival: Arrival, signatures: tuple[str, ...]) -> Iterator[Arrival]:
    yield arrival
    if signatures:
        name, patterns = f"signature of {arrival.name}", (*arrival.patterns, *signatures)
        yield replace(arrival, name=name, hint=UNSIGNED, patterns=patterns)


def _foreign_origin(settings: MailSettings, name: str) -> bool:
    """Tell whether the operator accepts that mail to a user, without domain, goes elsewhere."""
    return name == "sendmail" and accepts(settings, "send mail of its users from ")


def _signatures(settings: MailSettings, author: str, signs: SigningTable) -> Iterator[str]:
    domain = author.rpartition("@")[2]
    for key in () if accepts(settings, UNSIGNED_MAIL) else signs.get(domain, ()):
        tags = rf"\bd={re.escape(domain)};.*\bs={re.escape(key.selector)};"
        yield rf"^DKIM-Signature: .*{tags}"


def _own_delivery(settings: MailSettings, name: str = "") -> bool:
    """Tell whether the operator's own program keeps messages, or the one with a name."""
    keys = OF_MAILBOXES if name == TO_MAILBOX else OWN_DELIVERY
    return bool(keys & {*settings.postfix_main, *settings.postfix_master})


def _logged_in(settings: MailSettings, port: int, login: str) -> tuple[Step, ...]:
    begin = (hello(), starttls(settings), hello()) if port == STARTTLS_PORT else (hello(),)
    return (*begin, Step(login=login, expect="^235"))


def _tls(settings: MailSettings, port: int) -> str:
    return "" if port == STARTTLS_PORT else certificate(settings)


def _sent(name: str, author: str, recipient: str) -> tuple[Step, ...]:
    text = _text(name, author).replace("\n", "\r\n")
    return mail_from(author), rcpt_to(recipient, "^250"), Step("DATA", "^250", message=text)


def _text(name: str, author: str) -> str:
    return TEXT.format(author=author, subject=_subject(name), id=_id(name, author))


def _subject(name: str) -> str:
    return f"preflight, {name}"


def _id(name: str, author: str) -> str:
    return f"{name.replace(' ', '-')}@{author.rpartition('@')[2]}"
