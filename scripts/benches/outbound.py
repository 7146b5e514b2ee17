"""
Bench `outbound`: outgoing messages a second, and seconds until each is accepted.

Four contenders carry the same messages on one host: the distribution's Postfix, the same with
OpenDKIM as its documentation sets it up, ours, and ours without its signer. All of them take
messages at port 25 from the host itself, as from a trusted network. Submission over TLS is
measured for ours alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter

from .instruments.command import run
from .instruments.hosts import lab_up
from .instruments.machine import machine
from .instruments.report import Case, Figures, Report, interleaved
from .instruments.sender import SIGNED, STOCK, STOCK_OPENDKIM, UNSIGNED, Sender, sender
from .instruments.submission import SESSIONS

RATE, SUBMISSION = "messages_per_second", "submission"
CONTENDERS = (STOCK, UNSIGNED, SIGNED, STOCK_OPENDKIM)
LEAST = {STOCK: 0.6, STOCK_OPENDKIM: 2.5}  # of the signed, at the sink that answers at once
OFFERED = 200
MOST_P99_MS = 250.0
SLOW = 20  # times fewer messages for the slow sink: Postfix has 20 connections to it at most
NOTE = (
    "5 KiB each, 20 sessions, a connection for each message; from the host's own port 25 to the"
    " sink's last message. Source and sink run on the same host and share this machine's"
)
SUBMITTED = (
    f"Signed, 5 KiB each, logged in over TLS at port 465, {SESSIONS} sessions that are kept; a"
    " latency is from when a message was due until it was accepted. All is on this machine, with"
)
Tell = Callable[[str], None]


def outbound(release: str, messages: int, runs: int, tell: Tell, *, keep: bool) -> list[Report]:
    """Measure all contenders on a host with a Debian release."""
    with _course(release, messages, tell, keep=keep) as course:
        here = {**machine(), "host": f"Debian {release}", "queue": _queue(course.sender)}
        relayed = interleaved(_relayed(), runs, course.relay, tell)
        course.become(SIGNED)
        submitted = interleaved(_submitted(), runs, course.submit, tell)
    around = f"{here['cores']} cores; its load was {here['load']} before. Queue: {here['queue']}."
    by_situation = sorted(relayed, key=attrgetter("situation"))
    return [
        Report("outbound", RATE, (STOCK, STOCK_OPENDKIM), f"{NOTE} {around}", here, by_situation),
        Report(SUBMISSION, RATE, (), f"{SUBMITTED} {around}", here, submitted),
    ]


def _relayed() -> Iterator[Case]:
    """Yield the cases of a contender one after the other: a change of contender takes time."""
    for contender in CONTENDERS:
        least = LEAST if contender == SIGNED else {}
        yield Case("sink_at_once", contender, {"sink_seconds": 0}, least=least)
        yield Case("sink_one_second", contender, {"sink_seconds": 1})


def _submitted() -> Iterator[Case]:
    yield Case("offered_200", SIGNED, {"offered": OFFERED}, aims={"p99_ms": MOST_P99_MS})
    yield Case("unbounded", SIGNED, {"offered": 0})


@dataclass
class _Course:
    """The host, and the contender that runs on it."""

    sender: Sender
    messages: int
    running: str = field(default="")

    def become(self, contender: str) -> None:
        """Run a contender, unless it runs already."""
        if contender != self.running:
            self.running = ""
            self.sender.become(contender)
            self.running = contender

    def relay(self, case: Case) -> Figures:
        """Measure the rate of a contender from port 25 to a sink."""
        self.become(case.contender)
        delay = case.labels["sink_seconds"]
        count = max(20, self.messages // SLOW) if delay else self.messages
        seconds = self.sender.relay(count, *(("-w", str(delay)) if delay else ()))
        return {RATE: round(count / seconds, 1)}

    def submit(self, case: Case) -> Figures:
        """Measure the rate and the latency of an account's submission."""
        seconds, sent = self.sender.submit(self.messages, case.labels["offered"])
        return {
            RATE: round(self.messages / seconds, 1),
            "p50_ms": sent.percentile_ms(50),
            "p99_ms": sent.percentile_ms(99),
        }


@contextmanager
def _course(release: str, messages: int, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell("raising a lab of two mail hosts")
    with lab_up(2, keep=keep) as lab:
        host = sender(lab, release)
        tell(f"unmeasured: every contender is set up on {host.host.name}, Debian {release}")
        host.set_up()
        yield _Course(host, messages)


def _queue(host: Sender) -> str:
    store = run(("podman", "info", "--format", '{{index .Store.GraphStatus "Backing Filesystem"}}'))
    return f"{host.queue()} (on {store.strip()})"
