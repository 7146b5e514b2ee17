"""
Bench `switch`: seconds of a change on a running host, and of one that is undone.

A run changes one setting of a host with all services of the sending side. The refused change is a
misspelt parameter. The restored set has passed the preflight: it asks a table that turns
against the host as soon as the configuration is live, so that the probe of the live port fails.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from .instruments.command import BenchError
from .instruments.hosts import lab_up
from .instruments.machine import machine
from .instruments.report import Case, Figures, Report, interleaved
from .instruments.sender import Sender, sender

SECONDS, UNCERTAIN = "seconds", "uncertain_seconds"
APPLIED, REFUSED, UNDONE = "applied", "refused", "put_back"
MOST = {APPLIED: {SECONDS: 6.0}, UNDONE: {UNCERTAIN: 5.0}}
TYPO = {"mynetwrks": "127.0.0.0/8"}
TURNING = {"smtpd_client_restrictions": "check_client_access cidr:/var/lib/bench/guard.cidr"}
NOTE = (
    "Seconds are the whole run's, from the start of pyinfra to its end. Uncertain are those between"
    " the switch and the last probe, or until the previous configuration was back in force. This"
    " machine has"
)
Tell = Callable[[str], None]


def switch(release: str, runs: int, tell: Tell, *, keep: bool) -> list[Report]:
    """Measure changes of a host with a Debian release."""
    with _course(release, tell, keep=keep) as course:
        here = {**machine(), "host": f"Debian {release}"}
        cases = interleaved(_cases(), runs, course.measure, tell)
    note = f"{NOTE} {here['cores']} cores; its load was {here['load']} before."
    return [Report("switch", SECONDS, (), note, here, cases)]


def _cases() -> Iterator[Case]:
    for outcome in (APPLIED, REFUSED, UNDONE):
        yield Case("switch", outcome, {}, aims=MOST.get(outcome, {}))


@dataclass(frozen=True)
class _Course:
    """The host, and a new number for each run."""

    sender: Sender
    numbers: Iterator[int]

    def measure(self, case: Case) -> Figures:
        """Measure a run with the outcome of the case."""
        guard = "0.0.0.0/0 REJECT" if case.contender == UNDONE else ""
        self.sender.shell("watch", guard)
        began = time.perf_counter()
        self._run(case.contender)
        seconds = round(time.perf_counter() - began, 2)
        watched = self.sender.shell("watched").strip()
        return {SECONDS: seconds, UNCERTAIN: round(float(watched or 0), 2)}

    def _run(self, outcome: str) -> None:
        try:
            self.sender.deploy("deploys/hosts.py", *_words(self._data(outcome)))
        except BenchError as error:
            expected = {REFUSED: "Refused at validate", UNDONE: "Refused at probe"}.get(outcome)
            if not expected or expected not in str(error):
                raise
            return
        if outcome != APPLIED:
            raise BenchError(f"the run that was to be {outcome} succeeded")

    def _data(self, outcome: str) -> Mapping[str, Any]:
        if outcome == APPLIED:
            return {"mail_message_size_limit": 10_000_000 + next(self.numbers)}
        return {"mail_postfix_main": TYPO if outcome == REFUSED else TURNING}


def _words(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        yield from ("--data", f"{key}={json.dumps(value)}")


@contextmanager
def _course(release: str, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell("raising a lab of two mail hosts")
    with lab_up(2, keep=keep) as lab:
        host = sender(lab, release)
        tell(f"unmeasured: {host.host.name}, Debian {release}, is set up and signs")
        host.deploy()
        yield _Course(host, count())
