"""
Directory harvest (RFC 5321 section 7.8): a client that tries many unknown recipients is stopped.

Each reply reveals if an address exists. So a server delays its replies to a client that makes only
errors, and disconnects it in the end. Postfix waits `smtpd_error_sleep_time` before each reply
after `smtpd_soft_error_limit` errors. The check ends as soon as it sees the delay.
"""

import time
from collections.abc import Iterable, Sequence

from ...mail.settings.model import MailSettings
from ..clients.addresses import unknown_recipient
from ..clients.bounded_smtplib import SmtpClient
from ..clients.endpoint import Endpoint, per_endpoint, smtp_endpoints
from ..clients.smtp import CLOSING, Reply, reply, session
from ..core.finding import Check, Finding, Severity
from ..core.world import MisbehavedError, UnansweredError, World

GUESSING = Check(
    "smtp.guessing",
    "host",
    "Is a client that tries many unknown recipients slowed down or disconnected?",
    "RFC 5321 section 7.8",
    why="Without a limit, a client can find out every address, and fills the log.",
    remedy="Set `smtpd_soft_error_limit` and `smtpd_hard_error_limit` to 10 and 20, the defaults.",
    worst=Severity.WARNING,
    when_unknown="fix smtp.connect first",
)

_MOST = 40  # recipients
_DELAY = 0.9  # seconds that a delayed reply takes longer than the first ones


@per_endpoint(GUESSING, endpoints=lambda host: smtp_endpoints(host)[:1], slow=True)
def limits(endpoint: Endpoint, host: MailSettings, world: World) -> Iterable[Finding]:
    """Try unknown recipients at the first address: the limit is the server's, not the address's."""
    yield _finding(endpoint, host.every_recipient.refusing_domains[0], world)


def _finding(endpoint: Endpoint, domain: str, world: World) -> Finding:
    durations: list[float] = []
    ended = f"{endpoint} closed the session at once"
    try:
        with session(endpoint, world) as client:
            client.mail("")
            while len(durations) < _MOST and not _delayed(durations):
                answer, seconds = _timed_reply(client, domain)
                if answer.positive:
                    return _catch_all(endpoint, domain)
                if answer.code == CLOSING:
                    break
                durations.append(seconds)
    except (MisbehavedError, UnansweredError) as problem:
        ended = str(problem)
    if not durations:
        return GUESSING.not_checked(endpoint.host, ended)
    if _delayed(durations):
        saw = f"{endpoint} answered unknown recipient {len(durations)} after {durations[-1]:.1f} s"
        return GUESSING.ok(endpoint.host, saw)
    if len(durations) < _MOST:
        saw = f"{endpoint} disconnected after {len(durations)} unknown recipients"
        return GUESSING.ok(endpoint.host, saw)
    saw = f"{endpoint} answered {_MOST} unknown recipients without a delay"
    fix = "set smtpd_hard_error_limit = 20 and smtpd_error_sleep_time = 1s, the defaults"
    return GUESSING.warning(endpoint.host, saw, fix)


def _catch_all(endpoint: Endpoint, domain: str) -> Finding:
    saw = f"{endpoint} accepts every recipient at {domain}, so there are no errors to limit"
    fix = "fix smtp.unknown_recipient first, and verify again"
    return GUESSING.info(endpoint.host, saw, fix)


def _timed_reply(client: SmtpClient, domain: str) -> tuple[Reply, float]:
    """Return the reply to an unknown recipient, and its seconds."""
    began = time.monotonic()
    answer = reply(client.rcpt(unknown_recipient(domain)))
    return answer, time.monotonic() - began


def _delayed(durations: Sequence[float]) -> bool:
    return min(durations[-2:], default=0.0) - min(durations, default=0.0) >= _DELAY
