"""Waiting for name servers: real sockets, and servers that are slow, silent or wrong."""

import errno
import time
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Timer
from typing import Any

import dns.query
import pytest

from deploys.mail.errors import MailError
from deploys.zones import waiting
from deploys.zones.authority import Server, resolver, servers
from deploys.zones.changes import Expected
from deploys.zones.waiting import Outcome, Question, wait
from tests.zones.responder import RESPONSE, Responder, a, domain, mx, txt

ZONE = "harbor.example"
MX = Expected(ZONE, "MX", ("10 mx1.harbor.example.",))
SPF = Expected(ZONE, "TXT", ('"v=spf1 mx ~all"',), ('"v=spf1 ~all"',))
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


def asked(*responders: Responder, expected: tuple[Expected, ...] = (MX, SPF)) -> list[Question]:
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


def test_it_is_quick_where_every_server_already_answers(pair: tuple[Responder, Responder]) -> None:
    started = time.monotonic()
    outcome = wait(asked(*pair), 10)

    assert outcome.sentence(ZONE, 10) is None
    assert time.monotonic() - started < 0.25


def test_servers_are_asked_without_recursion(pair: tuple[Responder, Responder]) -> None:
    wait(asked(*pair), 1)

    assert {recursion for responder in pair for _, recursion in responder.asked} == {False}


def test_a_server_that_lags_is_waited_for_and_noticed_soon(
    pair: tuple[Responder, Responder],
) -> None:
    pair[1].answers = dict(OLD)
    Timer(1, pair[1].answers.update, [NEW]).start()
    started = time.monotonic()

    assert not wait(asked(*pair), 10).wrong
    assert 1 <= time.monotonic() - started < 3
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


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"flags": RESPONSE}, "not authoritative"),
        ({"rcode": 5}, "REFUSED"),
        ({"rcode": 2}, "SERVFAIL"),
        ({"rcode": 3, "answers": {}}, "missing"),
        ({"silent": True}, "no answer"),
        ({"answers": OLD | {(ZONE, "TXT"): [*OLD[ZONE, "TXT"], *NEW[ZONE, "TXT"]]}}, "old"),
        (
            {"flags": 0},
            "a broken answer: A DNS query response does not respond to the question asked",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_wrong_answer_has_its_word(
    fault: dict[str, Any],
    reason: str,
    pair: tuple[Responder, Responder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.3)
    for name, value in fault.items():
        setattr(pair[1], name, value)

    outcome = wait(asked(*pair, expected=(SPF,)), 0.1)

    (told,) = outcome.wrong.values()
    assert told.startswith(reason)


def test_a_port_where_nobody_listens_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.3)
    with Responder("127.0.0.4") as gone:
        questions = asked(gone, expected=(MX,))

    assert list(wait(questions, 0).wrong.values()) in (["Connection refused"], ["no answer"])


def without_route(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = dns.query.udp_with_fallback

    def routed(query: Any, where: str, **options: Any) -> Any:
        if ":" in where:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return ask(query, where, **options)

    monkeypatch.setattr(dns.query, "udp_with_fallback", routed)


def test_a_family_without_a_route_does_not_hold_up_a_server_that_answers_over_the_other(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_route(monkeypatch)
    other = Server("ns1.nic.example", "2001:db8::2", pair[0].port)

    outcome = wait([*asked(pair[0]), Question(ZONE, other, MX)], 10)

    assert not outcome.wrong
    assert outcome.unreached == {other}


def test_a_server_that_nobody_can_reach_holds_it_up(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_route(monkeypatch)
    alone = Server("ns9.nic.example", "2001:db8::9")

    outcome = wait([*asked(pair[0]), Question(ZONE, alone, MX)], 0.1)

    assert "ns9.nic.example (2001:db8::9): MX harbor.example (no route" in sentence(outcome, 0.1)


def test_many_questions_are_asked_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.5)
    with Responder("127.0.0.5") as responder:
        responder.silent = True
        questions = asked(responder, expected=(MX,)) * 60
        started = time.monotonic()
        wait(questions, 0)

    assert time.monotonic() - started < 2 * waiting.PATIENCE


def test_all_servers_of_a_zone_are_found_at_all_their_addresses() -> None:
    with Responder("127.0.0.6") as responder:
        responder.answers = {
            (ZONE, "NS"): [domain("ns1.nic.example"), domain("ns2.nic.example")],
            ("ns1.nic.example", "A"): [a("203.0.113.2")],
            ("ns1.nic.example", "AAAA"): [a("2001:db8:25::2")],
            ("ns2.nic.example", "A"): [a("203.0.113.3"), a("203.0.113.4")],
        }
        ask = resolver((responder.address,))
        ask.port = responder.port

        found = servers(ZONE, ask)

    assert [str(server) for server in found] == [
        "ns1.nic.example (203.0.113.2)",
        "ns1.nic.example (2001:db8:25::2)",
        "ns2.nic.example (203.0.113.3)",
        "ns2.nic.example (203.0.113.4)",
    ]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "its name servers cannot be found (the DNS does not know the zone); delegate"),
        ({(ZONE, "NS"): [domain("ns.nic.example")]}, "none of its name servers ns.nic.example. is"),
    ],
)
def test_a_zone_that_nobody_serves_is_told_of(
    answers: dict[tuple[str, str], list[bytes]], words: str
) -> None:
    with Responder("127.0.0.7") as responder:
        responder.answers = answers
        ask = resolver((responder.address,))
        ask.port = responder.port

        with pytest.raises(MailError) as error:
            servers(ZONE, ask)

    assert words in str(error.value)


def test_a_resolver_that_is_not_there_is_told_of() -> None:
    ask = resolver(("127.0.0.8",))
    ask.port, ask.lifetime = 9, 0.2

    with pytest.raises(MailError, match="no resolver answers"):
        servers(ZONE, ask)
