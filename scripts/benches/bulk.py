"""
Bench `bulk`: a campaign to forty domains of four receiver groups, at once with ordinary mail.

Two hosts send the same campaign, one after the other: ours with its bulk stream, and the
distribution's Postfix with its one transport for all mail. Ordinary messages are due at a steady
pace all the time; their latency is from then until the receiver has taken them. The receivers
count connections at once and the messages of each, and refuse nothing.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product, takewhile
from operator import attrgetter
from threading import Event

from deploys.lab.definition import Lab
from deploys.lab.inventory import password

from .instruments.command import BenchError, run
from .instruments.hosts import lab_up
from .instruments.machine import machine
from .instruments.receiver_groups import (
    BULK_RECIPIENTS,
    GROUPS,
    ORDINARY_RECIPIENTS,
    PATIENCE,
    Counts,
    Receivers,
    receivers_up,
)
from .instruments.report import Case, Figures, Report, interleaved
from .instruments.sender import HERE, HOST, SUITES, Sender
from .instruments.submission import Sent, Submission, submitted
from .verification import UNPROVED

RATE, P99_TO_ALONE = "messages_per_second", "p99_to_alone"
CONNECTIONS = "connections_at_once"
ALONE, BESIDE = "alone", "beside_bulk"
OURS, STOCK = "ours", "stock"
ACCOUNT = "news"
SECRET = "BENCH_BULK_SECRET"  # noqa: S105 - environment variable: the secret of the bulk stream
MAIL_HOSTS = 4  # two of each Debian release
PACE = 5.0  # ordinary messages a second
SESSIONS = 10  # for each of both streams
MOST_TO_ALONE = 1.3
SHORTEST, LONGEST = 10, 200  # seconds of ordinary mail alone
BEFORE = 3.0  # seconds of ordinary mail before the campaign
NOTE = (
    "5 KiB each, one recipient each. Messages a second are those of the campaign, from the first"
    " one submitted until the last one is taken; in the cases alone, of ordinary mail. Submitting"
    " program, host and receivers share this machine's"
)
OF_RECEIVERS = (
    "The most connections at once, and the most messages of one, that each receiver group counted"
    " during the campaign. Its limits are the aims."
)
Tell = Callable[[str], None]


def bulk(release: str, messages: int, runs: int, tell: Tell, *, keep: bool) -> list[Report]:
    """Measure both contenders on hosts with a Debian release."""
    with _course(release, messages, tell, keep=keep) as course:
        queue = course.senders[OURS].queue()
        here = {**machine(), "host": f"Debian {release}", "queue": queue, "messages": messages}
        measured = interleaved(cases(messages), runs, course.measure, tell)
    around = f"{here['cores']} cores; its load was {here['load']} before. Queue: {queue}."
    by_situation = sorted(map(of_mail, measured), key=attrgetter("situation"))
    return [
        Report("bulk", RATE, (STOCK,), f"{NOTE} {around}", here, by_situation),
        Report("receivers", CONNECTIONS, (STOCK,), OF_RECEIVERS, here, list(by_group(measured))),
    ]


def cases(messages: int) -> Iterator[Case]:
    """Yield the cases of each contender, first that alone, whose p99 the other is compared to."""
    for contender in (OURS, STOCK):
        yield Case(ALONE, contender, {"campaign": 0})
        own = {P99_TO_ALONE: MOST_TO_ALONE} if contender == OURS else {}
        yield Case(BESIDE, contender, {"campaign": messages}, aims=own)


def of_mail(case: Case) -> Case:
    """Return a case without the figures of the receiver groups."""
    of_groups = {name for group in GROUPS for name in _names(group.name)}
    runs = [{name: run[name] for name in run if name not in of_groups} for run in case.runs]
    return replace(case, runs=runs)


def by_group(measured: Iterable[Case]) -> Iterator[Case]:
    """Yield a case for each receiver group and contender, with the group's limits as aims."""
    beside = [case for case in measured if case.situation == BESIDE]
    for group, case in product(GROUPS, beside):
        names = _names(group.name)
        runs = [{name: run[own] for own, name in names.items()} for run in case.runs]
        limits = (group.concurrency, group.messages_per_connection)
        aims = dict(zip(names.values(), limits, strict=True))
        yield Case(group.name, case.contender, {"group": group.name}, aims, runs)


def _names(group: str) -> Mapping[str, str]:
    """Return the names of a group's figures in a run, each with its name in the report."""
    return {
        f"connections_{group}": CONNECTIONS,
        f"per_connection_{group}": "messages_of_a_connection",
    }


@dataclass(frozen=True)
class Campaign:
    """Times of its first message, of its last accepted one, and of its last delivered one."""

    began: float
    accepted: float
    ended: float


@dataclass(frozen=True)
class _Course:
    """The hosts by contender, the receivers, and each contender's p99 without a campaign."""

    lab: Lab
    senders: Mapping[str, Sender]
    receivers: Receivers
    messages: int
    alone: dict[str, float] = field(default_factory=dict)

    def measure(self, case: Case) -> Figures:
        """Measure ordinary mail alone or beside the campaign."""
        self.receivers.reset()
        with self._ordinary(case.contender) as sending:
            time.sleep(BEFORE)
            campaign = self._campaign(case) if case.situation == BESIDE else self._quiet()
        sent = sending.result()
        arrivals = self.receivers.delivered(len(sent.latencies))
        during = within(campaign, sent.began, arrivals)
        if case.situation == ALONE:
            self.alone[case.contender] = during.percentile_ms(99)
        count = self.messages if case.situation == BESIDE else len(during.latencies)
        return {
            **paces(campaign, count),
            "p50_ms": during.percentile_ms(50),
            "p99_ms": during.percentile_ms(99),
            P99_TO_ALONE: round(during.percentile_ms(99) / self.alone[case.contender], 2),
            **connections(self.receivers.counts()),
        }

    @contextmanager
    def _ordinary(self, contender: str) -> Iterator["Future[Sent]"]:
        """Submit ordinary mail for as long as the context lasts."""
        end, submission = Event(), self._submission(contender, ORDINARY_RECIPIENTS)
        turns = takewhile(lambda _: not end.is_set(), range(round(PACE * 2 * PATIENCE)))
        with ThreadPoolExecutor(1) as thread:
            try:
                yield thread.submit(submission.send, turns, PACE)
            finally:
                end.set()

    def _campaign(self, case: Case) -> Campaign:
        submission = self._submission(case.contender, BULK_RECIPIENTS)
        began, accepted = submitted(submission, self.messages)
        counts = self.receivers.drained(self.messages)
        return Campaign(began, accepted, max(counts[group.name]["last"] for group in GROUPS))

    def _quiet(self) -> Campaign:
        began = time.time()
        time.sleep(max(SHORTEST, min(LONGEST, self.messages / 50)))
        return Campaign(began, began, time.time())

    def _submission(self, contender: str, recipients: tuple[str, ...]) -> Submission:
        """Return the submission of a stream: logged in over TLS; at stock by a trusted client."""
        host = self.senders[contender]
        login = host.login
        if recipients == BULK_RECIPIENTS:
            login = f"{ACCOUNT}@{host.host.domains[0]}"
        if contender == STOCK:
            return Submission(host.address, login, "", recipients, 25, SESSIONS)
        secret = password(self.lab).resolve()
        return Submission(host.address, login, secret, recipients, sessions=SESSIONS)


def within(campaign: Campaign, began: float, arrivals: Mapping[int, float]) -> Sent:
    """Return the latencies of the ordinary messages that were due during a campaign."""
    due = {number: began + number / PACE for number in arrivals}
    found = tuple(
        arrivals[number] - moment
        for number, moment in due.items()
        if campaign.began <= moment <= campaign.ended
    )
    if len(found) < 2:  # noqa: PLR2004 - the least that has percentiles
        raise BenchError(
            "the campaign was over before two ordinary messages; write more --messages"
        )
    return Sent(campaign.began, found)


def paces(campaign: Campaign, count: int) -> Figures:
    """Return the rate of messages, and the seconds until all were accepted and delivered."""
    drained = campaign.ended - campaign.began
    return {
        RATE: round(count / drained, 1),
        "accepted_seconds": round(campaign.accepted - campaign.began, 1),
        "drain_seconds": round(drained, 1),
    }


def connections(counts: Counts) -> Figures:
    """Return the most connections of each group at once, and the most messages of one."""
    return {
        name: counts[group.name][figure]
        for group in GROUPS
        for name, figure in zip(_names(group.name), ("most", "longest"), strict=True)
    }


@contextmanager
def _course(release: str, messages: int, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell(f"raising a lab of {MAIL_HOSTS} mail hosts")
    with lab_up(MAIL_HOSTS, keep=keep) as lab, receivers_up(lab) as receivers:
        ours, stock = (
            Sender(lab, host) for host in lab.of("mail") if host.suite == SUITES[release]
        )
        tell(f"unmeasured: {ours.host.name} and {stock.host.name} are set up, Debian {release}")
        lowest = min(group.concurrency for group in GROUPS)
        stock.shell("bulk_stock", stock.host.hostname, str(lab.network4), str(lowest))
        _deploy(ours)
        yield _Course(lab, {OURS: ours, STOCK: stock}, receivers, messages)


def _deploy(ours: Sender) -> None:
    argv = (".venv/bin/pyinfra", f"{HERE}/bulk_inventory.py", "deploys/site.py", "-y", *UNPROVED)
    run(argv, environment={HOST: ours.host.name, SECRET: secrets.token_hex()})
