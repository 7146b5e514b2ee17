"""
Port 25 as unauthenticated clients see it, on every address of every mail host.

Mail to other domains is refused, mail to an unknown recipient is refused at once, and mail to
postmaster is accepted.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply, later
from ..core.finding import Check, Finding
from ..core.inspection import completed, per_fleet, together
from ..core.world import World
from .rcpt import Purpose, Rcpt, Replies, catch_all_domains, replies_of

_CONNECT_FIRST = "fix smtp.connect first, or see the session in the mail log"
RELAY = Check(
    "smtp.relay",
    "host",
    "Is mail to other domains refused from unauthenticated clients?",
    "RFC 2505 section 2.1",
    why="An open relay is found within hours, is used for spam, and ends on blocklists.",
    remedy="Keep `reject_unauth_destination`, and keep `mynetworks` to your own machines.",
    when_unknown=_CONNECT_FIRST,
)
UNKNOWN_RECIPIENT = Check(
    "smtp.unknown_recipient",
    "host",
    "Is an unknown recipient refused at once, so that no bounce goes to a forged sender?",
    "RFC 3463 section 3.2",
    why="A server that accepts first and bounces later sends mail to forged addresses.",
    remedy="Give Postfix a table of all recipients, without a catch-all; others get `550 5.1.1`.",
    when_unknown=_CONNECT_FIRST,
)
POSTMASTER = Check(
    "smtp.postmaster",
    "host",
    "Is mail to postmaster and abuse accepted?",
    "RFC 5321 section 4.5.1",
    why="Other operators report problems there, and blocklists ask there for proof of ownership.",
    remedy="Deliver both addresses of every domain to a person: `mail_postmaster`.",
    when_unknown=_CONNECT_FIRST,
)

_MAILBOX_UNAVAILABLE = 550


@per_fleet(POSTMASTER, UNKNOWN_RECIPIENT, RELAY)
def recipients(fleet: Fleet, world: World) -> Iterable[Finding]:
    """Send RCPT for each kind of recipient to every address of every host."""
    foreign = next((witness.address for witness in fleet.witnesses), "postmaster@example.net")
    caught = frozenset(name for host in fleet.hosts for name in host.every_recipient.catch_alls)
    return together(
        partial(
            completed,
            (POSTMASTER, UNKNOWN_RECIPIENT, RELAY),
            endpoint.host,
            partial(_of_endpoint, endpoint, host, (foreign, caught), world),
        )
        for host in fleet.hosts
        for endpoint in smtp_endpoints(host)
    )


def _of_endpoint(
    endpoint: Endpoint, host: MailSettings, asked: tuple[str, frozenset[str]], world: World
) -> Iterable[Finding]:
    foreign, caught = asked
    return findings(endpoint, replies_of(endpoint, host, foreign, world), caught)


def findings(
    endpoint: Endpoint, replies: Replies, meant: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a finding for every reply of an endpoint; a catch-all of some domains is meant."""
    catch_all = catch_all_domains(replies)
    for rcpt, answer in replies.items():
        if rcpt.purpose is Purpose.RELAY:
            yield _relay(endpoint, rcpt, answer, catch_all)
        elif rcpt.purpose is Purpose.UNKNOWN:
            yield _unknown_recipient(endpoint, rcpt, answer, meant)
        else:
            yield _postmaster(endpoint, rcpt, answer)


def _relay(endpoint: Endpoint, rcpt: Rcpt, answer: Reply, catch_all: Collection[str]) -> Finding:
    saw = f"{_answered(endpoint, rcpt)} from <{rcpt.sender}>: {answer}"
    if answer.code // 100 in (4, 5):
        return RELAY.ok(endpoint.host, saw)
    if answer.positive and rcpt.domain in catch_all:
        why = f"{rcpt.domain} accepts every recipient, so this does not prove a relay"
        fix = f"fix {UNKNOWN_RECIPIENT.id} first, and verify again"
        return RELAY.info(endpoint.host, f"{saw}; {why}", fix)
    fix = (
        "keep reject_unauth_destination in smtpd_relay_restrictions, "
        "and keep mynetworks to your own machines"
    )
    return RELAY.error(endpoint.host, saw, fix)


def _unknown_recipient(
    endpoint: Endpoint, rcpt: Rcpt, answer: Reply, meant: Collection[str]
) -> Finding:
    saw = f"{_answered(endpoint, rcpt)}: {answer}"
    if answer.positive and rcpt.domain in meant:
        fix = "nothing to do if that is meant; else name each recipient in mail_aliases"
        caught = f"mail_aliases has the catch-all @{rcpt.domain}"
        return UNKNOWN_RECIPIENT.info(endpoint.host, f"{saw}; {caught}", fix)
    if answer.code == _MAILBOX_UNAVAILABLE and answer.text.startswith("5.1.1 "):
        return UNKNOWN_RECIPIENT.ok(endpoint.host, saw)
    if answer.transient:
        return UNKNOWN_RECIPIENT.error(endpoint.host, saw, later(endpoint.host))
    fix = (
        "list all recipients (local_recipient_maps, virtual_mailbox_maps, virtual_alias_maps) "
        "without a catch-all, so that Postfix refuses others with 550 5.1.1"
    )
    return UNKNOWN_RECIPIENT.error(endpoint.host, saw, fix)


def _postmaster(endpoint: Endpoint, rcpt: Rcpt, answer: Reply) -> Finding:
    saw = f"{_answered(endpoint, rcpt)}: {answer}"
    if answer.positive:
        return POSTMASTER.ok(endpoint.host, saw)
    person = f"deliver <{rcpt.recipient}> to a person: mail_postmaster"
    fix = later(endpoint.host) if answer.transient else person
    return POSTMASTER.error(endpoint.host, saw, fix)


def _answered(endpoint: Endpoint, rcpt: Rcpt) -> str:
    return f"{endpoint} answered RCPT TO:<{rcpt.recipient}>"
