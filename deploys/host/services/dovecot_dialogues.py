"""Dialogues with Dovecot: mailboxes by IMAP (RFC 9051), and their delivery by LMTP (RFC 2033)."""

from collections.abc import Iterator

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import Dialogue, Step
from .smtp_steps import certificate, mailbox, unknown

GREETED = r"^\* "  # IMAP: a line without a tag
TAGGED = r"^1 "
REPLY = r"^\d{3} "  # LMTP: the last line of a reply
OF_IMAP = "check mail_dovecot, and the certificates of the host"
OF_LMTP = "check mail_dovecot: Postfix delivers mail of mailboxes at this socket"
OF_PLACES = "check the places of mail in mail_dovecot, in its sections too"
PRIVATE = "Subject: preflight, private"  # a message of one mailbox alone


def probes(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield the dialogues with the live server; they deliver no message."""
    yield Dialogue(
        "imaps",
        f"mailboxes must be offered under TLS; {OF_IMAP}",
        (
            Step(expect=r"^\* OK .*AUTH=PLAIN", ends=GREETED),
            Step("1 CAPABILITY", r"IMAP4rev1.*\n1 OK", ends=TAGGED),
        ),
        port=units.IMAPS_PORT,
        tls=certificate(settings),
    )
    yield Dialogue(
        "lmtp",
        f"a mailbox must be accepted, and another address refused; {OF_LMTP}",
        (
            Step(expect="^220 ", ends=REPLY),
            Step("LHLO probe.invalid", "^250", ends=REPLY),
            Step("MAIL FROM:<>", "^250", ends=REPLY),
            Step(f"RCPT TO:<{mailbox(settings)}>", "^250", ends=REPLY),
            *_subaddresses(settings),
            Step(f"RCPT TO:<{unknown(settings)}>", _refused(settings), ends=REPLY),
            Step("RSET", "^250", ends=REPLY),
        ),
        paths.LMTP_SOCKET,
    )


def _refused(settings: MailSettings) -> str:
    """Return the reply to an unknown recipient; a directory that is away knows none."""
    return r"^(550 5\.1\.1|451)" if settings.directory else r"^550 5\.1\.1"


def _subaddresses(settings: MailSettings) -> Iterator[Step]:
    """Yield the step that must accept a mailbox with each mark that Postfix knows."""
    local, _, domain = mailbox(settings).rpartition("@")
    for mark in settings.subaddress_marks:
        yield Step(f"RCPT TO:<{local}{mark}probe@{domain}>", "^250", ends=REPLY)


def dialogues(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield the dialogues of a preflight: a mailbox is opened, and an account has none."""
    yield from probes(settings)
    stored = f"{PRIVATE}\r\n\r\n"
    yield _by_imap(
        settings,
        "login of a mailbox",
        f"its folders must be there, and take a message; {OF_IMAP}",
        *_opened(mailbox(settings)),
        # A literal that does not wait (RFC 7888).
        Step(f"1 APPEND INBOX {{{len(stored)}+}}\r\n{stored}", "(^|\n)1 OK", ends=TAGGED),
    )
    if settings.accounts:
        yield _by_imap(
            settings,
            "login of an account",
            f"it has no mailbox, so the login must be refused; {OF_IMAP}",
            Step(expect=r"^\* OK", ends=GREETED),
            Step(f'1 LOGIN "{min(settings.accounts)}" "PASSWORD"', "(^|\n)1 NO", ends=TAGGED),
        )


def others(settings: MailSettings) -> Iterator[Dialogue]:
    """Yield the dialogue with another mailbox, in which no message of the first one may be."""
    for other in sorted({*settings.mailboxes} - {mailbox(settings)})[:1]:
        yield _by_imap(
            settings,
            "mail of another mailbox",
            f"a user must not see the messages of others; {OF_PLACES}",
            *_opened(other),
            _found(PRIVATE, r"\* SEARCH *\r?\n"),
        )


def delivered(settings: MailSettings, subject: str) -> Iterator[Dialogue]:
    """Yield the dialogue with the mailbox in which Postfix has put a message with a subject."""
    if settings.mailboxes and not settings.mailboxes[mailbox(settings)].sieve:
        yield _by_imap(
            settings,
            "mail of a mailbox",
            f"its user must see what was delivered; {OF_PLACES}",
            *_opened(mailbox(settings)),
            _found(f"Subject: {subject}", r"\* SEARCH \d"),
        )


def _by_imap(settings: MailSettings, name: str, hint: str, *steps: Step) -> Dialogue:
    return Dialogue(name, hint, steps, port=units.IMAPS_PORT, tls=certificate(settings))


def _opened(login: str) -> tuple[Step, ...]:
    return (
        Step(expect=r"^\* OK", ends=GREETED),
        Step(f'1 LOGIN "{login}" "PASSWORD"', "(^|\n)1 OK", ends=TAGGED),
        Step("1 SELECT INBOX", "(^|\n)1 OK", ends=TAGGED),
    )


def _found(field: str, expect: str) -> Step:
    name, _, words = field.partition(": ")
    return Step(f'1 SEARCH {name.upper()} "{words}"', f"(^|\n){expect}", ends=TAGGED)
