"""Messages that are handed over from here: as a stranger does, or as an account."""

import smtplib
from collections.abc import Iterable

from ..clients.endpoint import Endpoint, SubmissionEndpoint
from ..clients.message import TestMessage
from ..clients.smtp import log_in, reply, session, starttls
from ..core.world import MisbehavedError, World
from .remote import Submitted

_OK = 250


def submit_from_here(
    world: World, endpoint: Endpoint, messages: Iterable[TestMessage]
) -> dict[str, Submitted]:
    """Hand messages to a server and return what it said; raise UnansweredError if it is silent."""
    submitted: dict[str, Submitted] = {}
    try:
        with session(endpoint, world) as client:
            if client.has_extn("starttls"):
                starttls(client)
            if isinstance(endpoint, SubmissionEndpoint):
                log_in(client, endpoint)
            for message in messages:
                at = world.clock()
                submitted[message.id] = Submitted(at, _send(client, message))
    except MisbehavedError as problem:
        refused = Submitted(world.clock(), str(problem))
        return dict.fromkeys((message.id for message in messages), refused) | submitted
    return submitted


def _send(client: smtplib.SMTP, message: TestMessage) -> str:
    """Send one message and return why it was refused, or nothing."""
    eight = client.has_extn("8bitmime")
    utf8 = message.international and client.has_extn("smtputf8")
    # RFC 6152 section 3, RFC 6531 section 3.4.
    options = [*(["BODY=8BITMIME"] if eight else []), *(["SMTPUTF8"] if utf8 else [])]
    for answer in (client.mail(message.sender, options), client.rcpt(message.recipient)):
        if answer[0] != _OK:
            client.rset()
            return f"the server answered {reply(answer)}"
    # smtplib sends bytes as they are; RFC 5321 section 2.3.8: lines end with CR and LF.
    answer = client.data(message.compose(eight=eight, utf8=utf8).replace(b"\n", b"\r\n"))
    return "" if answer[0] == _OK else f"the server answered {reply(answer)}"
