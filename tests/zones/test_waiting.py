"""Waiting for name servers: real sockets, and servers that are slow, silent or wrong."""

import errno
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Barrier, Thread
from typing import Any

import dns.query
import pytest

from deploys.dns import query as answers
from deploys.dns.query import WORKERS, Server
from deploys.zones.model.changes import ExpectedAnswer
from deploys.zones.propagation.poll import Outcome, Question, wait
from tests.clock import Clock
from tests.zones.responder import RESPONSE, Responder, mx, txt

pytestmark = pytest.mark.usefixtures("clock")

ZONE = "harbor.example"
MX = ExpectedAnswer(ZONE, "MX", ("10 mx1.harbor.example.",))
SPF = ExpectedAnswer(ZONE, "TXT", ('"v=spf1 mx ~all"',), ('"v=spf1 ~all"',))
OLD = {(ZONE, "TXT"): [txt("v=spf1 ~all"), txt("site-verification=1")]}
NEW = {
    (ZONE, "MX"): [mx(10, "mx1.harbor.example"), mx(20, "mx.faraway.example")],
    (ZONE, "TXT"): [txt("v=spf1 mx", " ~all"), txt("site-verification=1")],
}


@pytest.fixture
def pair() -> Iterator[tuple[Responder, Responder]]:
    """Two servers of a zone that both have its new records."""
    with ExitStack() as stack:
        both = [stack.enter_context(Responder(f"127.0.0.{number}")) for number in (2, 3)]
        for responder in both:
            responder.answers = dict(NEW)
        yield both[0], both[1]


def asked(
    *responders: Responder, expected: tuple[ExpectedAnswer, ...] = (MX, SPF)
) -> list[Question]:
    return [
        Question(ZONE, Server(f"ns{i}.nic.example", responder.address, responder.port), what)
        for i, responder in enumerate(responders, 1)
        for what in expected
    ]


def sentence(outcome: Outcome, seconds: float) -> str:
    text = outcome.sentence(ZONE, seconds)
    assert text
    assert "\n" not in text
    return text


def test_there_is_no_wait_where_every_server_already_answers(
    pair: tuple[Responder, Responder], clock: Clock
) -> None:
    outcome = wait(asked(*pair), 10)

    assert outcome.sentence(ZONE, 10) is None
    assert clock.sleeps == []
    assert [len(responder.asked) for responder in pair] == [2, 2]


def test_servers_are_asked_without_recursion(pair: tuple[Responder, Responder]) -> None:
    wait(asked(*pair), 1)

    assert {recursion for responder in pair for _, recursion in responder.asked} == {False}


def test_a_server_that_lags_is_waited_for_and_noticed_soon(
    pair: tuple[Responder, Responder], clock: Clock
) -> None:
    pair[1].answers = dict(OLD)
    clock.at(1, pair[1].answers.update, NEW)

    assert not wait(asked(*pair), 10).wrong
    assert 1 <= clock.now < 3
    assert len(pair[0].asked) == 2, "a server that has answered well is not asked again"


def test_a_server_that_stays_behind_is_named_with_what_it_lacks(
    pair: tuple[Responder, Responder],
) -> None:
    pair[1].answers = dict(OLD)

    text = sentence(wait(asked(*pair), 0.5), 0.5)

    assert "harbor.example: 0.5 s after publishing" in text
    assert (
        "ns2.nic.example (127.0.0.3): MX harbor.example (missing), TXT harbor.example (old)" in text
    )
    assert "ns1" not in text
    assert "raise mail_dns_timeout" in text


def test_a_long_wait_says_now_and_then_which_servers_lag_behind(
    pair: tuple[Responder, Responder], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pyinfra")
    pair[1].answers = dict(OLD)
    clock.at(40, pair[1].answers.update, NEW)

    assert not wait(asked(*pair), 60).wrong

    assert len(caplog.messages) == 2
    for line in caplog.messages:
        assert line.startswith("  harbor.example: waiting for ns2.nic.example (127.0.0.3): MX harb")
        assert line.endswith(" s are left")


def test_a_short_wait_says_nothing(
    pair: tuple[Responder, Responder], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pyinfra")
    pair[1].answers = dict(OLD)
    clock.at(10, pair[1].answers.update, NEW)

    assert not wait(asked(*pair), 60).wrong
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"rcode": 3, "answers": {}}, "missing"),
        ({"silent": True}, "no answer within 0.3 s"),
        ({"answers": OLD | {(ZONE, "TXT"): [*OLD[ZONE, "TXT"], *NEW[ZONE, "TXT"]]}}, "old"),
        (
            {"flags": 0},
            "a broken answer: A DNS query response does not respond to the question asked",
        ),
        ({"nonsense": b"?"}, "a broken answer: "),
        ({"nonsense": b"HTTP/1.1 400 Bad Request"}, "a broken answer: "),
        ({"truncating": True, "answers": OLD}, "old"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_wrong_answer_has_its_word(
    fault: dict[str, Any],
    reason: str,
    pair: tuple[Responder, Responder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.3)
    for name, value in fault.items():
        setattr(pair[1], name, value)

    outcome = wait(asked(*pair, expected=(SPF,)), 0.1)

    (found,) = outcome.wrong.values()
    assert str(found).startswith(reason)


def test_a_port_without_a_listener_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.3)
    with Responder("127.0.0.4") as gone:
        questions = asked(gone, expected=(MX,))

    assert str(*wait(questions, 0).wrong.values()) in (
        "Connection refused",
        "no answer within 0.3 s",
    )


def without_route(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = dns.query.udp

    def routed(query: Any, where: str, *patience: Any, **options: Any) -> Any:
        if ":" in where:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return ask(query, where, *patience, **options)

    monkeypatch.setattr(dns.query, "udp", routed)


def test_a_family_without_a_route_does_not_hold_up_a_server_that_answers_over_the_other(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_route(monkeypatch)
    other = Server("ns1.nic.example", "2001:db8::2", pair[0].port)

    outcome = wait([*asked(pair[0]), Question(ZONE, other, MX)], 10)

    assert not outcome.wrong
    assert outcome.unreached == {other}


def test_a_server_without_a_route_holds_it_up(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_route(monkeypatch)
    alone = Server("ns9.nic.example", "2001:db8::9")

    outcome = wait([*asked(pair[0]), Question(ZONE, alone, MX)], 0.1)

    assert "ns9.nic.example (2001:db8::9): MX harbor.example (no route" in sentence(outcome, 0.1)


class Together(Responder):
    """Answers nobody before it has heard that many questions."""

    def __init__(self, address: str, questions: int) -> None:
        super().__init__(address)
        self._all = Barrier(questions)

    def _reply(self, query: bytes, sender: tuple[str, int]) -> None:
        Thread(target=self._later, args=(query, sender), daemon=True).start()

    def _later(self, query: bytes, sender: tuple[str, int]) -> None:
        self._all.wait()
        super()._reply(query, sender)


def names(number: int) -> tuple[ExpectedAnswer, ...]:
    return tuple(ExpectedAnswer(f"h{i}.{ZONE}", "A", ("203.0.113.1",)) for i in range(number))


def test_many_questions_are_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 20)  # so that none is asked twice
    with Together("127.0.0.5", 60) as responder:
        outcome = wait(asked(responder, expected=names(60)), 0)

    assert {str(fault) for fault in outcome.wrong.values()} == {"missing"}
    assert responder.datagrams == 60


def test_a_server_that_never_answers_holds_up_a_round_once_however_much_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.3)
    with Responder("127.0.0.5") as responder:
        responder.silent = True
        outcome = wait(asked(responder, expected=names(4 * WORKERS)), 0)

    assert len(outcome.wrong) == 4 * WORKERS
    assert {str(fault) for fault in outcome.wrong.values()} == {"no answer within 0.3 s"}
    # Of each worker one question, asked twice: once one of them has waited, none begins to.
    assert 2 <= responder.datagrams <= 2 * WORKERS


def test_an_answer_that_does_not_fit_is_fetched_over_tcp(
    pair: tuple[Responder, Responder],
) -> None:
    pair[1].truncating = True

    assert not wait(asked(*pair), 1).wrong
    assert (pair[0].over_tcp, pair[1].over_tcp) == (0, 2)


LAME = [
    ({"flags": RESPONSE}, "not authoritative"),
    ({"rcode": 5}, "answers REFUSED"),
    ({"rcode": 2}, "answers SERVFAIL"),
]


@pytest.mark.parametrize(("lame", "reason"), LAME, ids=[reason for _, reason in LAME])
def test_a_server_that_does_not_have_the_zone_holds_it_up_only_where_no_other_has_it(
    lame: dict[str, int], reason: str, pair: tuple[Responder, Responder]
) -> None:
    for name, value in lame.items():
        setattr(pair[1], name, value)

    assert not wait(asked(*pair), 0).wrong
    (found,) = wait(asked(pair[1], expected=(MX,)), 0).wrong.values()
    assert str(found).startswith(reason)


def test_a_server_that_comes_back_with_old_records_is_waited_for(
    pair: tuple[Responder, Responder], clock: Clock
) -> None:
    pair[0].answers, pair[1].rcode, pair[1].answers = dict(OLD), 5, dict(OLD)
    clock.at(0.1, setattr, pair[1], "rcode", 0)
    clock.at(0.6, pair[0].answers.update, NEW)
    clock.at(1.2, pair[1].answers.update, NEW)

    assert not wait(asked(*pair), 10).wrong
    assert clock.now > 1.2


@pytest.mark.parametrize(("held", "wrong"), [(OLD, ["old"]), (NEW, []), ({}, [])])
def test_what_goes_is_waited_for_too(
    held: dict[tuple[str, str], list[bytes]], wrong: list[str], pair: tuple[Responder, Responder]
) -> None:
    pair[0].answers = dict(held)
    gone = ExpectedAnswer(ZONE, "TXT", (), ('"v=spf1 ~all"',))

    assert list(map(str, wait(asked(pair[0], expected=(gone,)), 0).wrong.values())) == wrong


def test_a_packet_that_is_lost_is_sent_again(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.6)
    pair[1].lost = 1

    assert not wait(asked(*pair, expected=(MX,)), 0).wrong
    assert [responder.datagrams for responder in pair] == [1, 2]


def test_what_two_records_of_one_name_and_type_need_is_asked_once(
    pair: tuple[Responder, Responder],
) -> None:
    verification = ExpectedAnswer(ZONE, "TXT", ('"site-verification=1"',))
    absent = ExpectedAnswer(ZONE, "TXT", ('"site-verification=2"',))

    outcome = wait(asked(pair[0], expected=(SPF, verification, absent)), 0)

    assert [question.expected for question in outcome.wrong] == [absent]
    assert len(pair[0].asked) == 1
