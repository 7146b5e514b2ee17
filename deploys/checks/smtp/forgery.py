"""
Forged authors (RFC 6409 section 6.1): an account that writes another address into From.

The envelope is the account's own. Readers see the From header, which names another address: alone,
next to the account, or in a second header. The messages are for the account itself, so a host that
accepts one bothers no one else.
"""

import smtplib
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message
from email.policy import SMTP
from email.utils import format_datetime, localtime
from functools import partial

from ...mail.settings.model import MailSettings
from ..clients.addresses import unknown_recipient
from ..clients.endpoint import SubmissionEndpoint, submission_endpoints
from ..clients.message import HEADER, new_run
from ..clients.smtp import Reply, log_in, reply, session, starttls
from ..core.finding import Check, Finding
from ..core.inspection import completed, per_host, together
from ..core.world import World

FORGERY = Check(
    "smtp.forgery",
    "host",
    "Is a message refused if its From header names another address than the account's?",
    "RFC 6409 section 6.1",
    why=(
        "With one password, an attacker could write as any address of the domain, and the host "
        "would sign it: readers and DMARC look at the From header, not at the envelope."
    ),
    remedy="Keep rspamd as milter of submission; `senders` of an account allows more addresses.",
    when_unknown="fix smtp.submission first",
)


@per_host(FORGERY)
def forgery(host: MailSettings, world: World) -> Iterable[Finding]:
    """Try both submission ports of a host with accounts, at its first address."""
    return together(
        partial(attempts, endpoint, host, world)
        for endpoint in submission_endpoints(host, str(host.addresses[0]))
    )


def attempts(endpoint: SubmissionEndpoint, host: MailSettings, world: World) -> list[Finding]:
    """Try forged authors at one submission port."""
    if not endpoint.password:
        fix = "give the password of an account as a reference, so that this can be checked"
        saw = f"{endpoint}: no password of an account is known here"
        return [FORGERY.info(endpoint.host, saw, fix)]
    own = host.logins[endpoint.login].senders[0]
    return completed((FORGERY,), endpoint.host, partial(_logged_in, endpoint, own, world))


def _logged_in(endpoint: SubmissionEndpoint, own: str, world: World) -> list[Finding]:
    with session(endpoint, world) as client:
        if not endpoint.wrapped:
            starttls(client)
        log_in(client, endpoint)
        return list(_authors(client, endpoint, own))


def _authors(client: smtplib.SMTP, endpoint: SubmissionEndpoint, own: str) -> Iterator[Finding]:
    other = unknown_recipient(own.partition("@")[2])
    for authors in ([other], [f"{own}, {other}"], [own, other]):
        headers = " and ".join(f"From: {author}" for author in authors)
        answer, complete = _sent(client, own, authors)
        saw = f"{endpoint} answered {endpoint.login} with {headers}: {answer}"
        yield _finding(endpoint, saw, answer, complete=complete)


def _sent(client: smtplib.SMTP, own: str, authors: Sequence[str]) -> tuple[Reply, bool]:
    """Return the last reply, and whether it is about the whole message."""
    for command in (client.mail, client.rcpt):
        answer = reply(command(own))
        if not answer.positive:
            client.rset()
            return answer, False
    return reply(client.data(_message(own, authors))), True


def _message(own: str, authors: Sequence[str]) -> bytes:
    run = new_run()
    message = Message()  # this class allows a header twice
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


def _finding(endpoint: SubmissionEndpoint, saw: str, answer: Reply, *, complete: bool) -> Finding:
    if not complete:
        fix = "fix smtp.submission first: the envelope was refused"
        return FORGERY.unknown(endpoint.host, saw, fix)
    if answer.permanent:
        return FORGERY.ok(endpoint.host, saw)
    if answer.positive:
        fix = (
            f"check that smtpd_milters of that port names rspamd, and deploy {endpoint.host}: its "
            "rule FORGED_AUTHOR refuses such a message"
        )
        return FORGERY.error(endpoint.host, saw, fix)
    fix = f"see the log of rspamd on {endpoint.host}, and verify again"
    return FORGERY.unknown(endpoint.host, saw, fix)
