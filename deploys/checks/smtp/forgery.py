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
from ..clients.endpoint import SubmissionEndpoint, submission_endpoints
from ..clients.message import HEADER, new_run
from ..clients.smtp import Reply, log_in, reply, session, starttls
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

FORGERY = Check(
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
    asked = [
        (endpoint, host)
        for host in hosts
        for endpoint in submission_endpoints(host, str(host.addresses[0]))
    ]
    calls = [partial(forged, endpoint, host, world) for endpoint, host in asked]
    for findings in side_by_side(calls):
        yield from findings


def forged(endpoint: SubmissionEndpoint, host: MailSettings, world: World) -> list[Finding]:
    """Try one submission port."""
    if not endpoint.password:
        fix = "give the password of an account as a reference, if this is to be tried"
        return [
            FORGERY.info(endpoint.host, f"{endpoint}: no account's password is known here", fix)
        ]
    try:
        with session(endpoint, world) as client:
            if not endpoint.wrapped:
                starttls(client)
            log_in(client, endpoint)
            return list(_interview(client, endpoint, host.accounts[endpoint.login].senders[0]))
    except (MisbehavedError, UnansweredError) as problem:
        return [
            FORGERY.unknown(endpoint.host, f"not asked: {problem}", "mend smtp.submission first")
        ]


def _interview(client: smtplib.SMTP, endpoint: SubmissionEndpoint, own: str) -> Iterator[Finding]:
    other = nobody(own.partition("@")[2])
    for authors in ([other], [f"{own}, {other}"], [own, other]):
        written = " and ".join(f"From: {author}" for author in authors)
        saw = f"{endpoint} answered {endpoint.login} with {written}"
        answer, whole = _sent(client, own, authors)
        yield _judged(endpoint, f"{saw}: {answer}", answer, whole=whole)


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


def _judged(endpoint: SubmissionEndpoint, saw: str, answer: Reply, *, whole: bool) -> Finding:
    if not whole:
        fix = "mend smtp.submission first: this is about the envelope"
        return FORGERY.unknown(endpoint.host, saw, fix)
    if answer.permanent:
        return FORGERY.ok(endpoint.host, saw)
    if answer.positive:
        fix = (
            f"see whether smtpd_milters of that port names rspamd, and deploy {endpoint.host}: its "
            "rule FORGED_AUTHOR refuses this"
        )
        return FORGERY.error(endpoint.host, saw, fix)
    return FORGERY.unknown(
        endpoint.host, saw, f"see what rspamd says on {endpoint.host}, and verify again"
    )
