"""
A session with a false end of a message, and the replies before its true end.

The message holds a sequence that is not its end, followed by MAIL and RCPT. Its true end is never
sent, so a server that reads on discards the message (RFC 5321 section 4.1.1.4). A server that ends
it early refuses it too: its Received headers look like a loop (section 6.3), and the hidden
recipient does not exist. A server without such a limit delivers a message that is marked as a test.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime, localtime

from ..clients.bounded_smtplib import SmtpClient
from ..clients.endpoint import Endpoint, SubmissionEndpoint
from ..clients.message import HEADER
from ..clients.smtp import OK, Reply, log_in, reply, session, starttls
from ..core.world import MisbehavedError, UnansweredError, World

_START_INPUT = 354
_HOPS = 101  # RFC 5321 section 6.3: a loop is assumed at "normally at least 100"
_SILENCE = 1 / 20  # of a session's time: a server that is silent for so long reads on
_MOST = 3  # replies: to the message, MAIL and RCPT

EndingOutcome = Sequence[Reply] | MisbehavedError | UnansweredError


@dataclass(frozen=True)
class Envelope:
    """Sender and recipient of a message, and the recipient of the message hidden in it."""

    sender: str
    recipient: str
    hidden: str


def outcome(ending: bytes, endpoint: Endpoint, mail: Envelope, world: World) -> EndingOutcome:
    """Return every reply between a sequence and the true end, or the problem with the session."""
    try:
        with session(endpoint, world) as client:
            if isinstance(endpoint, SubmissionEndpoint):
                _log_in(client, endpoint)
            _demand(client.mail(mail.sender), OK)
            _demand(client.rcpt(mail.recipient), OK)
            _demand(client.docmd("DATA"), _START_INPUT)
            client.send(_message(mail) + ending + _commands(mail))
            return _replies(client, world.timeout * _SILENCE)
    except (MisbehavedError, UnansweredError) as problem:
        return problem


def _log_in(client: SmtpClient, endpoint: SubmissionEndpoint) -> None:
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
    """Return the replies, and disconnect: QUIT would be one more line of the message."""
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
