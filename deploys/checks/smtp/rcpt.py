"""
A stranger on port 25: greets and tries STARTTLS, or asks with RCPT who would be served.

Nothing is sent, and whoever is nobody's of ours is not asked whom he serves.
The sender is the null reverse-path `<>`: RFC 5321 section 4.5.5 lets nobody refuse it, no domain
has to exist for it, and it claims nothing that SPF could judge. Relay is tried with a local sender
too.
"""

import smtplib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...mail.settings.model import Fleet, MailSettings
from ..clients.addresses import behind, disguised, nobody
from ..clients.endpoint import Endpoint
from ..clients.smtp import Reply, reply, session, starttls
from ..core.world import MisbehavedError, UnansweredError, World

# Postfix slows a client down after ten refused commands and hangs up after twenty.
_DOMAINS_PER_SESSION = 4
_OK = 250


class Want(StrEnum):
    """Why a recipient is asked for."""

    RELAY = "relay"
    NOBODY = "nobody"
    POSTMASTER = "postmaster"


@dataclass(frozen=True)
class Rcpt:
    """One recipient to ask for, from one sender."""

    want: Want
    recipient: str
    sender: str = ""

    @property
    def domain(self) -> str:
        """Return what stands behind the last @."""
        return self.recipient.rpartition("@")[2]


@dataclass(frozen=True)
class Interview:
    """What one address said: its name, its reply to each recipient, and the TLS that it speaks."""

    name: str
    replies: Mapping[Rcpt, Reply]
    tls: str = ""
    tls_problem: str = ""

    @property
    def catching(self) -> frozenset[str]:
        """Return the domains of which anybody is taken, so that any form at them is."""
        return frozenset(
            rcpt.domain
            for rcpt, answer in self.replies.items()
            if rcpt.want is Want.NOBODY and answer.positive
        )


Outcome = Interview | MisbehavedError | UnansweredError


def greeted(endpoint: Endpoint, world: World) -> Outcome:
    """Ask one address for its name and for TLS; what went wrong is an outcome too."""
    try:
        with session(endpoint, world) as client:
            name = _name_of(client)
    except (MisbehavedError, UnansweredError) as problem:
        return problem
    return Interview(name, {}, *_tls(endpoint, world))


def interview(endpoint: Endpoint, host: MailSettings, fleet: Fleet, world: World) -> Outcome:
    """Ask one address for recipients; what went wrong is an outcome too."""
    replies: dict[Rcpt, Reply] = {}
    name = ""
    try:
        for recipients in _sessions(host, fleet):
            with session(endpoint, world) as client:
                name = _name_of(client)
                replies |= _ask(client, recipients)
    except (MisbehavedError, UnansweredError) as problem:
        return problem
    return Interview(name, replies)


def _sessions(host: MailSettings, fleet: Fleet) -> Iterable[list[Rcpt]]:
    foreign = next((witness.address for witness in fleet.witnesses), "postmaster@example.net")
    local = [f"postmaster@{domain}" for domain in host.domains[:1]]
    senders = ("", *local, foreign, "postmaster@[192.0.2.1]")
    yield [
        Rcpt(Want.POSTMASTER, "postmaster"),
        *(Rcpt(Want.RELAY, foreign, sender) for sender in senders),
    ]
    yield [Rcpt(Want.RELAY, form) for form in disguised(foreign)]
    yield [Rcpt(Want.RELAY, form) for own in host.domains[:1] for form in behind(own, foreign)]
    for start in range(0, len(host.domains), _DOMAINS_PER_SESSION):
        domains = host.domains[start : start + _DOMAINS_PER_SESSION]
        yield [rcpt for domain in domains for rcpt in _of_domain(domain)]


def _of_domain(domain: str) -> tuple[Rcpt, ...]:
    return (
        Rcpt(Want.POSTMASTER, f"postmaster@{domain}"),
        Rcpt(Want.POSTMASTER, f"abuse@{domain}"),
        Rcpt(Want.NOBODY, nobody(domain)),
    )


def _ask(client: smtplib.SMTP, recipients: Sequence[Rcpt]) -> dict[Rcpt, Reply]:
    replies = {}
    for sender in dict.fromkeys(rcpt.sender for rcpt in recipients):
        opened = reply(client.mail(sender))
        for rcpt in (rcpt for rcpt in recipients if rcpt.sender == sender):
            # A transaction refused at MAIL is refused for every recipient.
            refused = opened.code != _OK
            replies[rcpt] = opened if refused else _rcpt(client, rcpt.recipient)
        client.rset()
    return replies


def _rcpt(client: smtplib.SMTP, recipient: str) -> Reply:
    # smtplib's own rcpt() parses the address, and would mend the forms that are asked for.
    return reply(client.docmd("RCPT", f"TO:<{recipient}>"))


def _name_of(client: smtplib.SMTP) -> str:
    return (client.ehlo_resp or b"").decode(errors="replace").split("\n")[0].split(" ")[0]


def _tls(endpoint: Endpoint, world: World) -> tuple[str, str]:
    try:
        with session(endpoint, world) as client:
            if not client.has_extn("starttls"):
                return "", "EHLO does not offer STARTTLS"
            return starttls(client), ""
    except (MisbehavedError, UnansweredError) as problem:
        return "", f"STARTTLS is offered but fails: {problem}"
