"""
What strangers meet on port 25 of every address of every mail host, judged.

Mail for others is refused, mail for nobody is refused at once, postmaster is served, and TLS works.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.smtp import Endpoint, MisbehavedError, Reply, endpoints
from ..core.finding import Finding, Question
from ..core.world import UnansweredError, World, side_by_side
from .rcpt import Interview, Outcome, Rcpt, Want, greeted, interview

CONNECT = Question(
    "smtp.connect",
    "host",
    "Does every address answer on port 25?",
    "RFC 5321 section 3.1",
    why="Where nobody answers, mail waits with its sender and is returned after days.",
    remedy="Let the mail service run, and the firewall pass port 25 over IPv4 and IPv6.",
)
RELAY = Question(
    "smtp.relay",
    "host",
    "Is mail for others refused to strangers?",
    "RFC 2505 section 2.1",
    why="An open relay is found within hours, sends spam for strangers, and ends on blocklists.",
    remedy="Keep `reject_unauth_destination`, and strangers out of `mynetworks`.",
)
UNKNOWN_RECIPIENT = Question(
    "smtp.unknown_recipient",
    "host",
    "Is an unknown recipient refused at once, so that no bounce ever goes to a forged sender?",
    "RFC 3463 section 3.2",
    why="Who accepts first and returns later sends bounces to people whose address was forged.",
    remedy="Let Postfix know every recipient, without a catch-all; others get `550 5.1.1`.",
)
POSTMASTER = Question(
    "smtp.postmaster",
    "host",
    "Are postmaster and abuse served?",
    "RFC 5321 section 4.5.1",
    why="This is where others tell of trouble, and blocklists ask for proof of ownership.",
    remedy="Deliver both addresses of every domain to a person: `mail_postmaster`.",
)
STARTTLS = Question(
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
    yield from _asked_of(fleet, lambda door, _: greeted(door, world), answers)


def strangers(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host whose mail it takes from strangers."""
    answers = (POSTMASTER, UNKNOWN_RECIPIENT, RELAY)
    yield from _asked_of(fleet, lambda door, host: interview(door, host, fleet, world), answers)


def _asked_of(
    fleet: Fleet,
    ask: Callable[[Endpoint, MailSettings], Outcome],
    answers: tuple[Question, ...],
) -> Iterator[Finding]:
    asked = [(door, host) for host in fleet.hosts for door in endpoints(host)]
    outcomes = side_by_side(partial(ask, door, host) for door, host in asked)
    by_door = {door: outcome for (door, _), outcome in zip(asked, outcomes, strict=True)}
    ids = {question.id for question in answers}
    for door, outcome in by_door.items():
        found = judged(door, outcome, _reached(by_door))
        yield from (finding for finding in found if finding.id in ids)


def judged(door: Endpoint, outcome: Outcome, reached: frozenset[str]) -> Iterator[Finding]:
    """Judge what one address said; reached names the families over which any address answered."""
    if isinstance(outcome, Interview):
        yield CONNECT.ok(door.host, f"{door} answers as {outcome.name}")
        for rcpt, answer in outcome.replies.items():
            yield _JUDGES[rcpt.want](door, rcpt, answer, outcome)
        yield _encryption(door, outcome)
        return
    yield _connection(door, outcome, reached)
    for question in (RELAY, UNKNOWN_RECIPIENT, POSTMASTER, STARTTLS):
        fix = f"mend {CONNECT.id} first, or what the mail log says of the session"
        yield question.unknown(door.host, f"not asked: {outcome}", fix)


def _connection(door: Endpoint, problem: Exception, reached: frozenset[str]) -> Finding:
    saw = str(problem)
    if isinstance(problem, MisbehavedError):
        return CONNECT.error(door.host, saw, f"look at the mail service and its log on {door.host}")
    if door.family in reached:
        return CONNECT.error(
            door.host, saw, f"let the firewall of {door.host} pass port 25 of {door.address}"
        )
    return CONNECT.unknown(
        door.host,
        f"{saw}; nothing answered over {door.family}",
        f"verify from a machine that may reach port 25 over {door.family}; many networks block it",
    )


def _relay(door: Endpoint, rcpt: Rcpt, answer: Reply, seen: Interview) -> Finding:
    saw = f"{_asked(door, rcpt)} from <{rcpt.sender}>: {answer}"
    if answer.code // 100 in (4, 5):
        return RELAY.ok(door.host, saw)
    if answer.positive and rcpt.domain in seen.catching:
        why = f"it takes anybody at {rcpt.domain}, which is not to relay"
        fix = f"mend {UNKNOWN_RECIPIENT.id}: only then is it seen whether it would go onwards"
        return RELAY.info(door.host, f"{saw}; {why}", fix)
    fix = (
        "keep reject_unauth_destination in smtpd_relay_restrictions, "
        "and keep strangers out of mynetworks"
    )
    return RELAY.error(door.host, saw, fix)


def _unknown_recipient(door: Endpoint, rcpt: Rcpt, answer: Reply, _seen: Interview) -> Finding:
    saw = f"{_asked(door, rcpt)}: {answer}"
    if answer.code == _MAILBOX_UNAVAILABLE and answer.text.startswith("5.1.1 "):
        return UNKNOWN_RECIPIENT.ok(door.host, saw)
    fix = (
        "let Postfix know who exists (local_recipient_maps, virtual_mailbox_maps, "
        "virtual_alias_maps) without a catch-all, so that it refuses the rest with 550 5.1.1"
    )
    return UNKNOWN_RECIPIENT.error(door.host, saw, fix)


def _postmaster(door: Endpoint, rcpt: Rcpt, answer: Reply, _seen: Interview) -> Finding:
    saw = f"{_asked(door, rcpt)}: {answer}"
    if answer.positive:
        return POSTMASTER.ok(door.host, saw)
    fix = f"deliver <{rcpt.recipient}> to a person; mail_postmaster names who that is"
    return POSTMASTER.error(door.host, saw, fix)


def _encryption(door: Endpoint, seen: Interview) -> Finding:
    if not seen.tls_problem:
        return STARTTLS.ok(door.host, f"{door} speaks {seen.tls} after STARTTLS")
    fix = (
        "set smtpd_tls_security_level = may, and in smtpd_tls_chain_files a key and a "
        "certificate that Postfix can read"
    )
    return STARTTLS.error(door.host, f"{door}: {seen.tls_problem}", fix)


def _asked(door: Endpoint, rcpt: Rcpt) -> str:
    return f"{door} answered RCPT TO:<{rcpt.recipient}>"


_JUDGES = {
    Want.RELAY: _relay,
    Want.NOBODY: _unknown_recipient,
    Want.POSTMASTER: _postmaster,
}


def _reached(outcomes: Mapping[Endpoint, Outcome]) -> frozenset[str]:
    return frozenset(
        door.family
        for door, outcome in outcomes.items()
        if not isinstance(outcome, UnansweredError)
    )
