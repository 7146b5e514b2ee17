"""
Every address of the inventory, asked for with RCPT at every address of the hosts that serve it.

Nothing is sent: most of these mailboxes are people's. What is asked is bounded, and said.
"""

import smtplib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

RECIPIENTS = Check(
    "delivery.recipients",
    "domain",
    "Is every address of the inventory accepted?",
    "RFC 5321 section 3.3",
    why="An address that is refused loses its mail, and only its senders hear of that.",
    remedy="Deploy again: the host's table of recipients is not what `mail_aliases` says.",
)

_MOST = 200
_PER_SESSION = 50
# Postfix slows a client down after ten refused commands and hangs up after twenty.
_MOST_REFUSED = 8
_OK = (250, 251)  # RFC 5321 section 4.2.3: 251 is accepted and forwarded


@dataclass
class _Asked:
    """The replies of one endpoint, and why there are no more."""

    replies: dict[str, Reply] = field(default_factory=dict)
    problem: str = ""

    @property
    def refused(self) -> dict[str, Reply]:
        return {one: said for one, said in self.replies.items() if said.code not in _OK}


@per_fleet(RECIPIENTS)
def accepted(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host for every recipient of its domains."""
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    calls = (partial(_asked, endpoint, host, world) for endpoint, host in asked)
    for (endpoint, host), answers in zip(asked, side_by_side(calls), strict=True):
        for domain in host.domains:
            yield from _judged(endpoint, domain, _of(host, domain), answers)


def _asked(endpoint: Endpoint, host: MailSettings, world: World) -> _Asked:
    asked = _Asked()
    try:
        wanted = list(host.recipients())[:_MOST]
        for start in range(0, len(wanted), _PER_SESSION):
            with session(endpoint, world) as client:
                _ask(client, wanted[start : start + _PER_SESSION], asked)
            if len(asked.refused) >= _MOST_REFUSED:
                break
    except (MisbehavedError, UnansweredError) as problem:
        asked.problem = str(problem)
    return asked


def _ask(client: smtplib.SMTP, recipients: Sequence[str], asked: _Asked) -> None:
    opened = reply(client.mail(""))
    if opened.code not in _OK:
        raise MisbehavedError(f"the null sender is answered {opened}")
    for recipient in recipients:
        asked.replies[recipient] = reply(client.rcpt(recipient))
        if len(asked.refused) >= _MOST_REFUSED:
            break
    client.rset()


def _judged(
    endpoint: Endpoint, domain: str, recipients: Sequence[str], asked: _Asked
) -> Iterator[Finding]:
    answered = [one for one in recipients if one in asked.replies]
    for recipient in answered:
        if recipient in asked.refused:
            yield _refused(endpoint, domain, recipient, asked.replies[recipient])
    count = f"{len(answered)} of {len(recipients)} addresses"
    if asked.problem and len(answered) < len(recipients):
        saw = f"{endpoint}: {count} asked for: {asked.problem}"
        yield RECIPIENTS.unknown(domain, saw, "mend smtp.connect first")
    elif not answered:
        fix = "nothing to do, if the others are right: a run asks for a bounded number of addresses"
        yield RECIPIENTS.info(domain, f"{endpoint}: {count} asked for", fix)
    elif not set(answered) & set(asked.refused):
        yield RECIPIENTS.ok(domain, f"{endpoint} accepts {count}, as many as were asked for")


def _refused(endpoint: Endpoint, domain: str, recipient: str, answer: Reply) -> Finding:
    saw = f"{endpoint} answered RCPT TO:<{recipient}>: {answer}"
    if answer.code // 100 == 4:  # noqa: PLR2004 - RFC 5321 section 4.2.1: a transient failure
        return RECIPIENTS.unknown(
            domain, saw, f"see the mail log of {endpoint.host}, and verify again"
        )
    return RECIPIENTS.error(
        domain, saw, f"deploy {endpoint.host} again, or see what refuses it there"
    )


def _of(host: MailSettings, domain: str) -> list[str]:
    return [one for one in host.recipients() if one.partition("@")[2] == domain]
