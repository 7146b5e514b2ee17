"""
One session in which a message seems to end, and what the server says before it ends in truth.

The message holds a sequence that is not its end, then MAIL and RCPT. The true end never comes, so
a message that was not split is discarded (RFC 5321 section 4.1.1.4). One that was split is refused
too: it has passed more servers than mail ever does (section 6.3), and the second is for somebody
who does not exist. A server that does not count delivers a test message that is marked as one.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime, localtime

from ..clients.bounded_smtplib import Client
from ..clients.endpoint import Endpoint, SubmissionEndpoint
from ..clients.message import HEADER
from ..clients.smtp import Reply, log_in, reply, session, starttls
from ..core.world import MisbehavedError, UnansweredError, World

_OK, _START_INPUT = 250, 354
_HOPS = 101  # RFC 5321 section 6.3: a loop is assumed at "normally at least 100"
_SILENCE = 1 / 20  # of a session's time: who says nothing for that long reads on
_MOST = 3  # replies: to the message, MAIL and RCPT

Outcome = Sequence[Reply] | MisbehavedError | UnansweredError


@dataclass(frozen=True)
class Envelope:
    """Who sends a message to whom, and for whom the second is that hides in it."""

    sender: str
    recipient: str
    hidden: str


def said_after(ending: bytes, endpoint: Endpoint, mail: Envelope, world: World) -> Outcome:
    """Return every reply between a sequence and the true end; what went wrong is an outcome too."""
    try:
        with session(endpoint, world) as client:
            if isinstance(endpoint, SubmissionEndpoint):
                _enter(client, endpoint)
            _demand(client.mail(mail.sender), _OK)
            _demand(client.rcpt(mail.recipient), _OK)
            _demand(client.docmd("DATA"), _START_INPUT)
            client.send(_message(mail) + ending + _commands(mail))
            return _replies(client, world.timeout * _SILENCE)
    except (MisbehavedError, UnansweredError) as problem:
        return problem


def _enter(client: Client, endpoint: SubmissionEndpoint) -> None:
    if not endpoint.wrapped:
        starttls(client)
    log_in(client, endpoint)


def _demand(answer: tuple[int, bytes], code: int) -> None:
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)


def _message(mail: Envelope) -> bytes:
    now = format_datetime(localtime())
    lines = [f"Received: by hop{number}.invalid; {now}" for number in range(_HOPS)]
    lines += [
        f"From: {mail.recipient}",
        f"To: {mail.recipient}",
        f"Subject: Test message {mail.hidden}",
        f"Date: {now}",
        "Auto-Submitted: auto-generated",
        f"{HEADER}: {mail.hidden}",
        "",
        "This message holds a sequence that must not end it. It is a test and can be deleted.",
    ]
    return "\r\n".join(lines).encode()


def _commands(mail: Envelope) -> bytes:
    return f"MAIL FROM:<{mail.sender}>\r\nRCPT TO:<{mail.hidden}>\r\n".encode()


def _replies(client: smtplib.SMTP, wait: float) -> list[Reply]:
    """Return what is said, and hang up: QUIT would be one more line of the message."""
    replies: list[Reply] = []
    try:
        while client.sock and len(replies) < _MOST:
            client.sock.settimeout(wait)
            replies.append(reply(client.getreply()))
    except smtplib.SMTPServerDisconnected:
        return replies
    finally:
        client.close()
    return replies
