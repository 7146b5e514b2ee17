"""
Situations of the bench `zone` at name servers: `verify`, `notice` and `silence`.

The same record sets are verified at the same servers all at once, as a run does it, and one after
the other. In `notice` the last server lags behind, until the run notices its new answer. In
`silence` a server never answers, whatever the number of its record sets.
"""

import socket
import time
from collections.abc import Iterator
from itertools import count

from deploys.dns.query import Server, response
from deploys.zones.model.changes import ExpectedAnswer
from deploys.zones.model.recordsets import rdata
from deploys.zones.propagation.poll import Question, fault, wait

from .instruments.command import BenchError
from .instruments.name_servers import far_servers
from .instruments.report import Case, Figures

VERIFY, NOTICE, SILENCE = "verify", "notice", "silence"
SEQUENTIAL, SECONDS = "sequential", "seconds"
ZONE = "harbor.example"
SERVERS, RECORD_SETS, MANY = 4, 30, 400
LAG, FURTHER = 3.0, 0.6  # the lag grows with each run, so that no run meets a poll by chance
PATIENCE = 20.0
KEY = "v=DKIM1; k=rsa; p=" + "A" * 392
_lags = count()


def watching() -> Iterator[Case]:
    """Yield the cases."""
    several = {"domains": 1, "record_sets": RECORD_SETS, "servers": SERVERS}
    yield Case(VERIFY, f"{RECORD_SETS}x{SERVERS}", several, {SECONDS: 0.5})
    yield Case(VERIFY, SEQUENTIAL, several)
    yield Case(NOTICE, "last", {**several, "record_sets": 1}, {SECONDS: 2.0})
    yield Case(SILENCE, f"{MANY}x1", {**several, "record_sets": MANY, "servers": 1}, {SECONDS: 3.0})


def verify(case: Case) -> Figures:
    """Measure the seconds to verify every record at every server."""
    records = _records(case.labels["record_sets"])
    with far_servers(case.labels["servers"], records) as servers:
        questions = [Question(ZONE, server, one) for server in servers for one in records]
        began = time.perf_counter()
        wrong = _one_by_one(questions) if case.contender == SEQUENTIAL else _at_once(questions)
        seconds = round(time.perf_counter() - began, 3)
    if wrong:
        raise BenchError(f"{case.name}: not every server has every record")
    return {SECONDS: seconds}


def notice(case: Case) -> Figures:
    """Measure the seconds from the last server's new answer until the run notices it."""
    records = _records(case.labels["record_sets"])
    number = case.labels["servers"]
    moment = time.monotonic() + LAG + FURTHER * next(_lags)
    with far_servers(number, records, since={number: moment}) as servers:
        wrong = _at_once([Question(ZONE, server, one) for server in servers for one in records])
        seconds = round(time.monotonic() - moment, 3)
    if wrong or seconds < 0:
        raise BenchError(f"{case.name}: the last server's new answer was not waited for")
    return {SECONDS: seconds}


def silence(case: Case) -> Figures:
    """Measure the seconds of one round of questions to a server that never answers."""
    records = _records(case.labels["record_sets"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.1.1", 0))
        server = Server("ns1.nic.example", *silent.getsockname())
        began = time.perf_counter()
        wrong = wait([Question(ZONE, server, one) for one in records], 0).wrong
        seconds = round(time.perf_counter() - began, 3)
    if len(wrong) != len(records):
        raise BenchError(f"{case.name}: a silent server has answered")
    return {SECONDS: seconds}


def _at_once(questions: list[Question]) -> bool:
    return bool(wait(questions, PATIENCE).wrong)


def _one_by_one(questions: list[Question]) -> bool:
    answers = (response(one.server, one.expected.name, one.expected.type) for one in questions)
    return any(
        fault(one.server, answer, one.expected)
        for one, answer in zip(questions, answers, strict=True)
    )


def _records(number: int) -> tuple[ExpectedAnswer, ...]:
    text = rdata("TXT", KEY)
    names = (f"h{n}-rsa._domainkey.{ZONE}" for n in range(1, number + 1))
    return tuple(ExpectedAnswer(name, "TXT", (text,)) for name in names)
