"""
Questions to name servers, repeated until every server answers with the published records.

Publish, wait, then use: before every name server has its records, some resolvers cannot find a new
host or a new key.
"""

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
from pyinfra import logger

from ...dns.query import WORKERS, Fault, Lame, Server, Silent, Unrouted, require_authority, response
from ...run.threads import in_parallel
from ..model.changes import ExpectedAnswer, listed

# Seconds from the beginning of one round of questions to that of the next. A new answer is noticed
# within 2 s: the longest period and the time of an answer are together below that.
FIRST_PERIOD, LONGEST_PERIOD = 0.25, 1.75
LOG_PERIOD = 15  # seconds after which the operator learns again which servers lag behind

ESCAPE = re.compile(rb"\\(?:(?P<digits>[0-9]{3})|(?P<one>.))", re.DOTALL)
DECIMAL, OCTAL = 10, 8  # RFC 1035 section 5.1; Route 53


@dataclass(frozen=True)
class Question:
    """A question about a zone to one server, and the answer to expect."""

    zone: str
    server: Server
    expected: ExpectedAnswer


@dataclass(frozen=True)
class Outcome:
    """Questions with a wrong answer, each with its fault, and servers without a route to them."""

    wrong: dict[Question, Fault]
    unreached: frozenset[Server]

    def lagging(self, zone: str) -> str:
        """Return the servers of a zone that lag behind, each with the record sets that it lacks."""
        behind: dict[Server, list[str]] = {}
        for question, reason in self.wrong.items():
            if question.zone == zone:
                behind.setdefault(question.server, []).append(f"{question.expected} ({reason})")
        return "; ".join(f"{server}: {listed(what)}" for server, what in behind.items())

    def sentence(self, zone: str, seconds: float, *, by_hand: bool = False) -> str | None:
        """Return a sentence about the servers of a zone that lag behind, or None."""
        lagging = self.lagging(zone)
        if not lagging:
            return None
        if by_hand:
            return (
                f"{zone}: {seconds:g} s later, name servers answer without records of the list, "
                f"{lagging}; publish them, then run again: it goes on from here"
            )
        return (
            f"{zone}: {seconds:g} s after publishing, name servers answer without the new records, "
            f"{lagging}; see that they load the zone, remove them from its delegation, or raise "
            "mail_dns_timeout"
        )


def wait(questions: Iterable[Question], seconds: float) -> Outcome:
    """Ask until every answer is right, or `seconds` are over; the last round may end later."""
    clock = time.monotonic
    deadline, period, told = clock() + seconds, FIRST_PERIOD, clock()
    pending, right = list(questions), _RightAnswers()
    while True:
        began = clock()
        wrong = _wrong(pending)
        right.note(pending, wrong)
        pending = [
            question for question in wrong if not right.is_harmless(question, wrong[question])
        ]
        now = clock()
        if not pending or now >= deadline:
            wrong = {question: wrong[question] for question in pending}
            return Outcome(wrong, frozenset(right.unreached))
        if now >= told + LOG_PERIOD:
            told = now
            _log({question: wrong[question] for question in pending}, deadline - now)
        time.sleep(max(0, min(began + period, deadline) - now))
        period = min(2 * period, LONGEST_PERIOD)


def _log(wrong: dict[Question, Fault], seconds: float) -> None:
    outcome = Outcome(wrong, frozenset())
    for zone in dict.fromkeys(question.zone for question in wrong):
        logger.info(f"  {zone}: waiting for {outcome.lagging(zone)}; {seconds:.0f} s are left")


class _RightAnswers:
    """Servers and zones with a right answer, so that not every address has to give it."""

    def __init__(self) -> None:
        self.unreached: set[Server] = set()
        self._servers: set[tuple[str, ExpectedAnswer]] = set()
        self._zones: set[tuple[str, ExpectedAnswer]] = set()

    def note(self, questions: Iterable[Question], wrong: dict[Question, Fault]) -> None:
        for question in questions:
            if question not in wrong:
                self._servers.add((question.server.name, question.expected))
                self._zones.add((question.zone, question.expected))
            elif isinstance(wrong[question], Unrouted):
                self.unreached.add(question.server)

    def is_harmless(self, question: Question, reason: Fault) -> bool:
        """Tell whether a fault misleads no resolver."""
        if isinstance(reason, Unrouted):  # the server may answer over the other family
            return (question.server.name, question.expected) in self._servers
        # Resolvers turn from a lame server to the zone's others; clients of a resolver do not.
        lame = isinstance(reason, Lame) and not question.server.recursive
        return lame and (question.zone, question.expected) in self._zones


def _wrong(questions: Iterable[Question]) -> dict[Question, Fault]:
    """Return the faults; each server is asked once for each name and type."""
    groups: dict[object, list[Question]] = {}
    for question in questions:
        subject = question.server, question.expected.name, question.expected.type
        groups.setdefault(subject, []).append(question)
    silent: dict[Server, Fault] = {}  # each holds up a round once
    faults = in_parallel(lambda group: _faults(group, silent), groups.values(), WORKERS)
    return {question: reason for found in faults for question, reason in found if reason}


def _faults(
    questions: Sequence[Question], silent: dict[Server, Fault]
) -> list[tuple[Question, Fault | None]]:
    server, expected = questions[0].server, questions[0].expected
    if server in silent:
        return [(question, silent[server]) for question in questions]
    try:
        answer = response(server, expected.name, expected.type)
    except Fault as reason:
        if isinstance(reason, Silent):
            silent[server] = reason
        return [(question, reason) for question in questions]
    return [(question, fault(server, answer, question.expected)) for question in questions]


def longest_ttl(questions: Iterable[Question]) -> int:
    """Return the longest TTL of the answers in seconds; a server without an answer is left out."""
    found = [0]
    for question in questions:
        with suppress(Fault):
            answer = response(question.server, question.expected.name, question.expected.type)
            found += [rrset.ttl for rrset in answer.answer]
    return max(found)


def fault(server: Server, answer: dns.message.Message, expected: ExpectedAnswer) -> Fault | None:
    """Return the fault of a server's answer that should hold `expected`, or None."""
    try:
        if not server.recursive:
            require_authority(answer)
    except Lame as lame:
        return lame
    name, record_type = dns.name.from_text(expected.name), dns.rdatatype.from_text(expected.type)
    rrset = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, record_type)
    values = {comparable(rdata) for rdata in rrset or ()}
    wanted, gone = (
        [readings(dns.rdata.from_text("IN", record_type, text)) for text in texts]
        for texts in (expected.present, expected.absent)
    )
    old = values.difference(*wanted).intersection(chain.from_iterable(gone))
    if not old and all(values & readings for readings in wanted):
        return None
    return Fault("old", rrset.ttl) if rrset else Fault("missing")


def readings(rdata: dns.rdata.Rdata) -> frozenset[object]:
    """Return the octets that a text may stand for: classes of some providers keep its escapes."""
    value = comparable(rdata)
    if not isinstance(value, bytes):
        return frozenset((value,))
    unescaped = (ESCAPE.sub(partial(_octet, base), value) for base in (DECIMAL, OCTAL))
    return frozenset((value, *unescaped))


def _octet(base: int, found: re.Match[bytes]) -> bytes:
    try:
        return bytes([int(found["digits"], base)]) if found["digits"] else found["one"]
    except ValueError:  # not an octet in this base
        return found[0]


def comparable(rdata: dns.rdata.Rdata) -> object:
    """Return what two equal values have in common: of a text its octets, without its cuts."""
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(rdata.strings)  # RFC 7208 section 3.3: the cuts of a long text mean nothing
    return rdata
