"""
What strangers meet on port 25 of every address of every mail host, judged.

Mail for others is refused, mail for nobody is refused at once, postmaster is served, and TLS works.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side
from .rcpt import Interview, Outcome, Rcpt, Want, greeted, interview

CONNECT = Check(
    "smtp.connect",
    "host",
    "Does every address answer on port 25?",
    "RFC 5321 section 3.1",
    why="Where nobody answers, mail waits with its sender and is returned after days.",
    remedy="Let the mail service run, and the firewall pass port 25 over IPv4 and IPv6.",
)
RELAY = Check(
    "smtp.relay",
    "host",
    "Is mail for others refused to strangers?",
    "RFC 2505 section 2.1",
    why="An open relay is found within hours, sends spam for strangers, and ends on blocklists.",
    remedy="Keep `reject_unauth_destination`, and strangers out of `mynetworks`.",
)
UNKNOWN_RECIPIENT = Check(
    "smtp.unknown_recipient",
    "host",
    "Is an unknown recipient refused at once, so that no bounce ever goes to a forged sender?",
    "RFC 3463 section 3.2",
    why="Who accepts first and returns later sends bounces to people whose address was forged.",
    remedy="Let Postfix know every recipient, without a catch-all; others get `550 5.1.1`.",
)
POSTMASTER = Check(
    "smtp.postmaster",
    "host",
    "Are postmaster and abuse served?",
    "RFC 5321 section 4.5.1",
    why="This is where others tell of trouble, and blocklists ask for proof of ownership.",
    remedy="Deliver both addresses of every domain to a person: `mail_postmaster`.",
)
STARTTLS = Check(
    "smtp.starttls",
    "host",
    "Is TLS offered, and does it work?",
    "RFC 3207",
    why="Without it mail crosses the network readable, and senders that insist on TLS keep theirs.",
    remedy="Give Postfix a key and a certificate that it can read: `mail_tls`.",
)

_MAILBOX_UNAVAILABLE = 550


def answering(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host whether it answers, and with TLS."""
    answers = (CONNECT, STARTTLS)
    yield from _asked_of(fleet, lambda endpoint, _: greeted(endpoint, world), answers)


def strangers(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host whose mail it takes from strangers."""
    answers = (POSTMASTER, UNKNOWN_RECIPIENT, RELAY)
    yield from _asked_of(
        fleet, lambda endpoint, host: interview(endpoint, host, fleet, world), answers
    )


def _asked_of(
    fleet: Fleet,
    ask: Callable[[Endpoint, MailSettings], Outcome],
    answers: tuple[Check, ...],
) -> Iterator[Finding]:
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    outcomes = side_by_side(partial(ask, endpoint, host) for endpoint, host in asked)
    by_door = {endpoint: outcome for (endpoint, _), outcome in zip(asked, outcomes, strict=True)}
    ids = {check.id for check in answers}
    for endpoint, outcome in by_door.items():
        found = judged(endpoint, outcome, _reached(by_door))
        yield from (finding for finding in found if finding.id in ids)


def judged(endpoint: Endpoint, outcome: Outcome, reached: frozenset[str]) -> Iterator[Finding]:
    """Judge what one address said; reached names the families over which any address answered."""
    if isinstance(outcome, Interview):
        yield CONNECT.ok(endpoint.host, f"{endpoint} answers as {outcome.name}")
        for rcpt, answer in outcome.replies.items():
            yield _JUDGES[rcpt.want](endpoint, rcpt, answer, outcome)
        yield _encryption(endpoint, outcome)
        return
    yield _connection(endpoint, outcome, reached)
    for check in (RELAY, UNKNOWN_RECIPIENT, POSTMASTER, STARTTLS):
        fix = f"mend {CONNECT.id} first, or what the mail log says of the session"
        yield check.unknown(endpoint.host, f"not asked: {outcome}", fix)


def _connection(endpoint: Endpoint, problem: Exception, reached: frozenset[str]) -> Finding:
    saw = str(problem)
    if isinstance(problem, MisbehavedError):
        return CONNECT.error(
            endpoint.host, saw, f"look at the mail service and its log on {endpoint.host}"
        )
    family = endpoint.family
    if family in reached:
        return CONNECT.error(
            endpoint.host,
            saw,
            f"let the firewall of {endpoint.host} pass port 25 of {endpoint.address}",
        )
    return CONNECT.unknown(
        endpoint.host,
        f"{saw}; nothing answered over {family}",
        f"verify from a machine that may reach port 25 over {family}; many networks block it",
    )


def _relay(endpoint: Endpoint, rcpt: Rcpt, answer: Reply, seen: Interview) -> Finding:
    saw = f"{_asked(endpoint, rcpt)} from <{rcpt.sender}>: {answer}"
    if answer.code // 100 in (4, 5):
        return RELAY.ok(endpoint.host, saw)
    if answer.positive and rcpt.domain in seen.catching:
        why = f"it takes anybody at {rcpt.domain}, which is not to relay"
        fix = f"mend {UNKNOWN_RECIPIENT.id}: only then is it seen whether it would go onwards"
        return RELAY.info(endpoint.host, f"{saw}; {why}", fix)
    fix = (
        "keep reject_unauth_destination in smtpd_relay_restrictions, "
        "and keep strangers out of mynetworks"
    )
    return RELAY.error(endpoint.host, saw, fix)


def _unknown_recipient(endpoint: Endpoint, rcpt: Rcpt, answer: Reply, _seen: Interview) -> Finding:
    saw = f"{_asked(endpoint, rcpt)}: {answer}"
    if answer.code == _MAILBOX_UNAVAILABLE and answer.text.startswith("5.1.1 "):
        return UNKNOWN_RECIPIENT.ok(endpoint.host, saw)
    fix = (
        "let Postfix know who exists (local_recipient_maps, virtual_mailbox_maps, "
        "virtual_alias_maps) without a catch-all, so that it refuses the rest with 550 5.1.1"
    )
    return UNKNOWN_RECIPIENT.error(endpoint.host, saw, fix)


def _postmaster(endpoint: Endpoint, rcpt: Rcpt, answer: Reply, _seen: Interview) -> Finding:
    saw = f"{_asked(endpoint, rcpt)}: {answer}"
    if answer.positive:
        return POSTMASTER.ok(endpoint.host, saw)
    fix = f"deliver <{rcpt.recipient}> to a person; mail_postmaster names who that is"
    return POSTMASTER.error(endpoint.host, saw, fix)


def _encryption(endpoint: Endpoint, seen: Interview) -> Finding:
    if not seen.tls_problem:
        return STARTTLS.ok(endpoint.host, f"{endpoint} speaks {seen.tls} after STARTTLS")
    fix = (
        "set smtpd_tls_security_level = may, and in smtpd_tls_chain_files a key and a "
        "certificate that Postfix can read"
    )
    return STARTTLS.error(endpoint.host, f"{endpoint}: {seen.tls_problem}", fix)


def _asked(endpoint: Endpoint, rcpt: Rcpt) -> str:
    return f"{endpoint} answered RCPT TO:<{rcpt.recipient}>"


_JUDGES = {
    Want.RELAY: _relay,
    Want.NOBODY: _unknown_recipient,
    Want.POSTMASTER: _postmaster,
}


def _reached(outcomes: Mapping[Endpoint, Outcome]) -> frozenset[str]:
    return frozenset(
        endpoint.family
        for endpoint, outcome in outcomes.items()
        if not isinstance(outcome, UnansweredError)
    )
