"""
Waiting until what was published is answered everywhere.

Publish, wait, then use: a host that mail is sent to, or a key that mail is signed with, before
every name server knows of it, is a host or a key that some cannot find.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deploys.zones.authority import NoRouteError, Server, problem
from deploys.zones.changes import Expected, listed

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
PATIENCE = 2.0  # for one answer, so a lost packet costs one round
WORKERS = 100
NO_ROUTE = "no route from here"


@dataclass(frozen=True)
class Question:
    """What one server is asked about a zone."""

    zone: str
    server: Server
    expected: Expected


@dataclass(frozen=True)
class Outcome:
    """Which questions were not answered as they should, why, and whom nobody could ask."""

    wrong: dict[Question, str]
    unreached: frozenset[Server]

    def sentence(self, zone: str, seconds: float) -> str | None:
        """Return which servers of a zone lag behind and with what, or None."""
        lagging: dict[Server, list[str]] = {}
        for question, reason in self.wrong.items():
            if question.zone == zone:
                lagging.setdefault(question.server, []).append(f"{question.expected} ({reason})")
        if not lagging:
            return None
        servers = "; ".join(f"{server}: {listed(what)}" for server, what in lagging.items())
        return (
            f"{zone}: {seconds:g} s after publishing, name servers answer without the new records, "
            f"{servers}; see that they load the zone, take them out of its NS records, or raise "
            "mail_dns_timeout"
        )


def wait(questions: Iterable[Question], seconds: float) -> Outcome:
    """Ask until every answer is right, or time is up."""
    deadline = time.monotonic() + seconds
    pending, pause = list(questions), FIRST_PAUSE
    served: set[tuple[str, Expected]] = set()
    unreached: set[Server] = set()
    while True:
        wrong = _asked(pending)
        served |= {(q.server.name, q.expected) for q in pending if q not in wrong}
        unreached |= {q.server for q, reason in wrong.items() if reason == NO_ROUTE}
        # A family that leads nowhere from here says nothing about the server, if the other does.
        wrong = {
            question: reason
            for question, reason in wrong.items()
            if reason != NO_ROUTE or (question.server.name, question.expected) not in served
        }
        left = deadline - time.monotonic()
        if not wrong or left <= 0:
            return Outcome(wrong, frozenset(unreached))
        time.sleep(min(pause, left))
        pending, pause = list(wrong), min(2 * pause, LONGEST_PAUSE)


def _asked(questions: Sequence[Question]) -> dict[Question, str]:
    if not questions:
        return {}
    with ThreadPoolExecutor(min(len(questions), WORKERS)) as pool:
        answers = zip(questions, pool.map(_problem, questions), strict=True)
        return {question: reason for question, reason in answers if reason}


def _problem(question: Question) -> str:
    try:
        return problem(question.server, question.expected, PATIENCE)
    except NoRouteError:
        return NO_ROUTE
