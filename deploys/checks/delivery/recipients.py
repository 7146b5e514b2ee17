"""
Recipients of the inventory, tried with RCPT at every address of their mail hosts.

No message is sent: most of these mailboxes belong to people. The number of questions is limited.
"""

import smtplib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from ...mail.settings.model import Fleet, MailSettings
from ..clients.addresses import any_recipient
from ..clients.endpoint import FULL, OF_FULL, Endpoint, smtp_endpoints
from ..clients.smtp import Reply, later, reply, session
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.world import MisbehavedError, UnansweredError, World

RECIPIENTS = Check(
    "delivery.recipients",
    "domain",
    "Is every recipient of the inventory accepted?",
    "RFC 5321 section 3.3",
    why="Mail to an address that is refused bounces, and only its senders know.",
    remedy="Deploy again: the host's tables of recipients differ from the inventory.",
)

_MOST = 200
_PER_SESSION = 50
# Postfix slows a client down after ten refused commands and hangs up after twenty.
_MOST_REFUSED = 8
_OK = (250, 251)  # RFC 5321 section 4.2.3: 251 is accepted and forwarded


@dataclass
class _Replies:
    """The replies of one endpoint by recipient, and the problem that ended them."""

    of: dict[str, Reply] = field(default_factory=dict)
    problem: str = ""

    @property
    def refused(self) -> dict[str, Reply]:
        return {one: answer for one, answer in self.of.items() if answer.code not in _OK}


@per_fleet(RECIPIENTS)
def recipients(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Send RCPT to every address of every host, for every recipient of its domains."""
    return together(
        partial(_of_endpoint, endpoint, host, world)
        for host in fleet.hosts
        for endpoint in smtp_endpoints(host)
    )


def _of_endpoint(endpoint: Endpoint, host: MailSettings, world: World) -> list[Finding]:
    replies = _replies(endpoint, host, world)
    found = (
        _of_domain(endpoint, domain, recipients, replies)
        for domain, recipients in host.known_recipients.items()
    )
    return [finding for findings in found for finding in findings]


def _replies(endpoint: Endpoint, host: MailSettings, world: World) -> _Replies:
    replies = _Replies()
    try:
        wanted = list(chain.from_iterable(host.known_recipients.values()))[:_MOST]
        for start in range(0, len(wanted), _PER_SESSION):
            with session(endpoint, world) as client:
                _ask(client, wanted[start : start + _PER_SESSION], replies)
            if len(replies.refused) >= _MOST_REFUSED:
                break
    except (MisbehavedError, UnansweredError) as problem:
        replies.problem = str(problem)
    return replies


def _ask(client: smtplib.SMTP, recipients: Sequence[str], replies: _Replies) -> None:
    mail = reply(client.mail(""))
    if mail.code not in _OK:
        raise MisbehavedError(f"MAIL FROM:<> is answered {mail}")
    for recipient in recipients:
        replies.of[recipient] = reply(client.rcpt(any_recipient(recipient)))
        if len(replies.refused) >= _MOST_REFUSED:
            break
    client.rset()


def _of_domain(
    endpoint: Endpoint, domain: str, recipients: Sequence[str], replies: _Replies
) -> Iterator[Finding]:
    answered = [one for one in recipients if one in replies.of]
    for recipient in answered:
        if recipient in replies.refused:
            yield _refused(endpoint, domain, recipient, replies.of[recipient])
    count = f"{len(answered)} of {len(recipients)} recipients"
    if replies.problem and len(answered) < len(recipients):
        saw = f"{endpoint}: tried {count}: {replies.problem}"
        yield RECIPIENTS.unknown(domain, saw, "fix smtp.connect first")
    elif not answered:
        fix = "nothing to do if the others are accepted: a run tries a limited number"
        yield RECIPIENTS.info(domain, f"{endpoint}: tried {count}", fix)
    elif not set(answered) & set(replies.refused):
        yield RECIPIENTS.ok(domain, f"{endpoint} accepts {count}, all that this run tried")


def _refused(endpoint: Endpoint, domain: str, recipient: str, answer: Reply) -> Finding:
    saw = f"{endpoint} answered RCPT TO:<{recipient}>: {answer}"
    if str(answer).startswith(FULL):
        return RECIPIENTS.warning(domain, saw, OF_FULL)
    if answer.transient:
        return RECIPIENTS.unknown(domain, saw, later(endpoint.host))
    return RECIPIENTS.error(domain, saw, f"deploy {endpoint.host} again, or see the mail log there")
