"""
Patience with a client that guesses: one that asks for one address after the other, all of nobody.

Each answer tells whether an address exists. So a server slows down who makes nothing but errors,
and hangs up in the end (RFC 5321 section 7.8). Postfix waits `smtpd_error_sleep_time` before each
answer from `smtpd_soft_error_limit` on; who has seen that it does need not wait for the end.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial

from ...mail.settings.model import Fleet
from ..clients.addresses import nobody
from ..clients.bounded_smtplib import Client
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding, Severity
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

GUESSING = Check(
    "smtp.guessing",
    "host",
    "Is a client that only guesses addresses slowed down, or hung up on?",
    "RFC 5321 section 7.8",
    why="Who may guess without end learns every address, and fills the log with it.",
    remedy="Let `smtpd_soft_error_limit` and `smtpd_hard_error_limit` be 10 and 20, as by default.",
    worst=Severity.WARNING,
)

_MOST = 40
_CLOSING = 421
_SLOW = 0.9  # seconds that an answer takes longer than the first ones, where one is slowed down


def guessed(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Guess at one address of every host: the limit is the server's, not the address's."""
    asked = [(smtp_endpoints(host)[0], host) for host in fleet.hosts]
    yield from side_by_side(
        partial(_guessed, endpoint, next(iter(host.domains), host.hostname), world)
        for endpoint, host in asked
    )


def _guessed(endpoint: Endpoint, domain: str, world: World) -> Finding:
    took: list[float] = []
    ended = f"{endpoint} closed the session at once"
    try:
        with session(endpoint, world) as client:
            client.mail("")
            while len(took) < _MOST and not _slowed(took):
                answer, seconds = _guess(client, domain)
                if answer.positive:
                    return _anybody(endpoint, domain)
                if answer.code == _CLOSING:
                    break
                took.append(seconds)
    except (MisbehavedError, UnansweredError) as problem:
        ended = str(problem)
    if not took:
        return GUESSING.unknown(endpoint.host, f"not asked: {ended}", "mend smtp.connect first")
    if _slowed(took):
        return GUESSING.ok(
            endpoint.host, f"{endpoint} answered guess {len(took)} after {took[-1]:.1f} s"
        )
    if len(took) < _MOST:
        return GUESSING.ok(endpoint.host, f"{endpoint} hung up after {len(took)} guesses")
    fix = "let smtpd_hard_error_limit be 20, and smtpd_error_sleep_time 1s, as by default"
    return GUESSING.warning(
        endpoint.host, f"{endpoint} answered {_MOST} guesses, and would go on", fix
    )


def _anybody(endpoint: Endpoint, domain: str) -> Finding:
    saw = f"{endpoint} takes anybody at {domain}, so that a guess tells nothing"
    fix = "mend smtp.unknown_recipient first: only then is it seen what becomes of who guesses"
    return GUESSING.info(endpoint.host, saw, fix)


def _guess(client: Client, domain: str) -> tuple[Reply, float]:
    """Ask for nobody, and return the answer and how long it took."""
    began = time.monotonic()
    answer = reply(client.rcpt(nobody(domain)))
    return answer, time.monotonic() - began


def _slowed(took: Sequence[float]) -> bool:
    return min(took[-2:], default=0.0) - min(took, default=0.0) >= _SLOW
