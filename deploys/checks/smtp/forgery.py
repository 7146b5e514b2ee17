"""
Whether an account may write in somebody else's name (RFC 6409 section 6.1).

The envelope is the account's own and permitted. The From header is what readers see, and it names
another: alone, beside the account, or in a second header. The messages go to the account itself, so
a host that takes one troubles nobody else with it.
"""

import smtplib
from collections.abc import Iterator, Sequence
from email.message import Message
from email.policy import SMTP
from email.utils import format_datetime, localtime
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.addresses import nobody
from ..clients.message import HEADER, new_run
from ..clients.smtp import Desk, MisbehavedError, Reply, desks, log_in, reply, session, starttls
from ..core.finding import Finding, Question
from ..core.world import UnansweredError, World, side_by_side

FORGERY = Question(
    "smtp.forgery",
    "host",
    "Is a message refused whose From header names somebody other than the account?",
    "RFC 6409 section 6.1",
    why=(
        "Who has one password could write as anybody, and the host's signature would vouch for "
        "it: readers and DMARC see the From header, not the envelope."
    ),
    remedy="Keep rspamd before the submission services; `senders` of an account allows more names.",
)


def forgery(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask both submission ports of every host with accounts, at its first address."""
    hosts = [host for host in fleet.hosts if host.accounts and host.addresses]
    asked = [(desk, host) for host in hosts for desk in desks(host, str(host.addresses[0]))]
    calls = [partial(forged, desk, host, world) for desk, host in asked]
    for findings in side_by_side(calls):
        yield from findings


def forged(desk: Desk, host: MailSettings, world: World) -> list[Finding]:
    """Try one submission port."""
    if not desk.password:
        fix = "give the password of an account as a reference, if this is to be tried"
        return [FORGERY.info(desk.host, f"{desk}: no account's password is known here", fix)]
    try:
        with session(desk, world) as client:
            if not desk.wrapped:
                starttls(client)
            log_in(client, desk)
            return list(_interview(client, desk, host.accounts[desk.login].senders[0]))
    except (MisbehavedError, UnansweredError) as problem:
        return [FORGERY.unknown(desk.host, f"not asked: {problem}", "mend smtp.submission first")]


def _interview(client: smtplib.SMTP, desk: Desk, own: str) -> Iterator[Finding]:
    other = nobody(own.partition("@")[2])
    for authors in ([other], [f"{own}, {other}"], [own, other]):
        written = " and ".join(f"From: {author}" for author in authors)
        saw = f"{desk} answered {desk.login} with {written}"
        answer, whole = _sent(client, own, authors)
        yield _judged(desk, f"{saw}: {answer}", answer, whole=whole)


def _sent(client: smtplib.SMTP, own: str, authors: Sequence[str]) -> tuple[Reply, bool]:
    """Return the last reply, and whether it is about the message."""
    for ask in (client.mail, client.rcpt):
        answer = reply(ask(own))
        if not answer.positive:
            client.rset()
            return answer, False
    return reply(client.data(_message(own, authors))), True


def _message(own: str, authors: Sequence[str]) -> bytes:
    run = new_run()
    message = Message()  # which takes a header twice
    for author in authors:
        message["From"] = author
    message["To"] = own
    message["Subject"] = f"Test message {run}"
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<{run}@{own.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message[HEADER] = run
    message.set_payload("A host that refuses forged authors refuses this. It can be deleted.\n")
    return message.as_bytes(policy=SMTP)


def _judged(desk: Desk, saw: str, answer: Reply, *, whole: bool) -> Finding:
    if not whole:
        fix = "mend smtp.submission first: this is about the envelope"
        return FORGERY.unknown(desk.host, saw, fix)
    if answer.permanent:
        return FORGERY.ok(desk.host, saw)
    if answer.positive:
        fix = (
            f"see whether smtpd_milters of that port names rspamd, and deploy {desk.host}: its "
            "rule FORGED_AUTHOR refuses this"
        )
        return FORGERY.error(desk.host, saw, fix)
    return FORGERY.unknown(desk.host, saw, f"see what rspamd says on {desk.host}, and verify again")
