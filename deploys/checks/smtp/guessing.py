"""
Patience with a client that guesses: one that asks for one address after the other, all of nobody.

Each answer tells whether an address exists. So a server slows down who makes nothing but errors,
and hangs up in the end (RFC 5321 section 7.8); Postfix does at `smtpd_hard_error_limit`.
"""

from collections.abc import Iterator
from functools import partial

from deploys.checks.finding import Finding, Question, Severity
from deploys.checks.smtp.addresses import nobody
from deploys.checks.smtp.client import Client
from deploys.checks.smtp.session import Endpoint, MisbehavedError, endpoints, reply, session
from deploys.checks.world import UnansweredError, World, side_by_side
from deploys.mail.settings import Fleet

GUESSING = Question(
    "smtp.guessing",
    "host",
    "Is a client that only guesses addresses hung up on?",
    "RFC 5321 section 7.8",
    why="Who may guess without end learns every address, and fills the log with it.",
    remedy="Let `smtpd_hard_error_limit` be 20 or less, as it is by default.",
    worst=Severity.WARNING,
)

_MOST = 40
_CLOSING = 421


def guessed(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Guess at one address of every host: the limit is the server's, not the address's."""
    asked = [(endpoints(host)[0], host) for host in fleet.hosts]
    yield from side_by_side(
        partial(_guessed, door, next(iter(host.domains), host.hostname), world)
        for door, host in asked
    )


def _guessed(door: Endpoint, domain: str, world: World) -> Finding:
    guesses, ended = 0, f"{door} takes nobody for a recipient"
    try:
        with session(door, world) as client:
            client.mail("")
            while guesses < _MOST and _goes_on(client, domain):
                guesses += 1
    except (MisbehavedError, UnansweredError) as problem:
        ended = str(problem)
    if not guesses:
        return GUESSING.unknown(door.host, f"not asked: {ended}", "mend smtp.connect first")
    if guesses < _MOST:
        return GUESSING.ok(door.host, f"{door} ended it after {guesses} guesses")
    fix = "let smtpd_hard_error_limit be 20, and smtpd_error_sleep_time 1s, as by default"
    return GUESSING.warning(door.host, f"{door} answered {_MOST} guesses, and would go on", fix)


def _goes_on(client: Client, domain: str) -> bool:
    """Ask for nobody, and return whether one may ask again."""
    return reply(client.rcpt(nobody(domain))).code != _CLOSING
