"""
RCPT commands of an unauthenticated client, by purpose, and the replies to them.

No message is sent. The sender is the null reverse-path `<>`: no server may refuse it (RFC 5321
section 4.5.5), no domain has to exist for it, and SPF does not apply to it. Relay is tried with
other senders too, a local one among them.
"""

import smtplib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...mail.settings.model import MailSettings
from ..clients.addresses import behind, disguised, unknown_recipient
from ..clients.endpoint import Endpoint
from ..clients.smtp import OK, Reply, rcpt, reply, session
from ..core.world import World

# Postfix slows a client down after ten refused commands and disconnects it after twenty.
_DOMAINS_PER_SESSION = 4
# A client that may relay hears of a domain that does not exist or takes no mail: that refusal would
# hide an open relay. An address has no domain.
_AT_ADDRESS = "postmaster@[192.0.2.1]"


class Purpose(StrEnum):
    """The kind of recipient that a RCPT command is for."""

    RELAY = "relay"
    UNKNOWN = "unknown"
    POSTMASTER = "postmaster"


@dataclass(frozen=True)
class Rcpt:
    """One recipient, and the sender of its transaction."""

    purpose: Purpose
    recipient: str
    sender: str = ""

    @property
    def domain(self) -> str:
        """Return the part after the last @."""
        return self.recipient.rpartition("@")[2]


Replies = Mapping[Rcpt, Reply]


def replies_of(endpoint: Endpoint, host: MailSettings, foreign: str, world: World) -> Replies:
    """Return the reply to each RCPT; raise UnansweredError or MisbehavedError."""
    replies: dict[Rcpt, Reply] = {}
    for recipients in _sessions(host, foreign):
        with session(endpoint, world) as client:
            replies |= _in_session(client, recipients)
    return replies


def catch_all_domains(replies: Replies) -> frozenset[str]:
    """Return the domains that accept every recipient."""
    return frozenset(
        rcpt.domain
        for rcpt, answer in replies.items()
        if rcpt.purpose is Purpose.UNKNOWN and answer.positive
    )


def _sessions(host: MailSettings, foreign: str) -> Iterable[list[Rcpt]]:
    local = [f"postmaster@{domain}" for domain in host.domains[:1]]
    refusing = host.every_recipient.refusing_domains
    senders = ("", *local, foreign, _AT_ADDRESS)
    yield [
        Rcpt(Purpose.POSTMASTER, "postmaster"),
        *(Rcpt(Purpose.RELAY, foreign, sender) for sender in senders),
        Rcpt(Purpose.RELAY, _AT_ADDRESS),
    ]
    yield [Rcpt(Purpose.RELAY, form) for form in disguised(foreign)]
    yield [Rcpt(Purpose.RELAY, form) for own in refusing[:1] for form in behind(own, foreign)]
    received = (*host.domains, *host.relay_domains)
    for start in range(0, len(received), _DOMAINS_PER_SESSION):
        domains = received[start : start + _DOMAINS_PER_SESSION]
        yield [
            rcpt for domain in domains for rcpt in _of_domain(domain, own=domain in host.domains)
        ]


def _of_domain(domain: str, *, own: bool) -> Iterable[Rcpt]:
    """Yield the recipients of a domain; abuse at a domain of others is theirs to have."""
    for name in ("postmaster", "abuse") if own else ("postmaster",):
        yield Rcpt(Purpose.POSTMASTER, f"{name}@{domain}")
    yield Rcpt(Purpose.UNKNOWN, unknown_recipient(domain))


def _in_session(client: smtplib.SMTP, recipients: Sequence[Rcpt]) -> dict[Rcpt, Reply]:
    replies = {}
    for sender in dict.fromkeys(one.sender for one in recipients):
        opened = reply(client.mail(sender))
        for one in (one for one in recipients if one.sender == sender):
            # A transaction refused at MAIL is refused for every recipient.
            replies[one] = rcpt(client, one.recipient) if opened.code == OK else opened
        client.rset()
    return replies
