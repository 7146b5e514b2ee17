"""One question to one server, over real sockets: what is an answer, and what is a fault."""

from collections.abc import Iterator

import pytest

from deploys.dns.query import Fault, Lame, Server, authoritative, first_response, response
from tests.zones.responder import RESPONSE, TRUNCATED, Responder, a

NAME = "ns.harbor.example"


@pytest.fixture
def responder() -> Iterator[Responder]:
    with Responder("127.0.0.11") as served:
        served.answers = {(NAME, "A"): [a("192.0.2.1")]}
        yield served


def at(responder: Responder) -> Server:
    return Server("ns", responder.address, responder.port)


def test_an_answer_that_is_cut_off_even_over_tcp_is_a_fault(responder: Responder) -> None:
    responder.flags |= TRUNCATED

    with pytest.raises(Fault, match="cut off, even over TCP"):
        response(at(responder), NAME, "A")


def test_noise_that_looks_cut_off_is_not_followed_over_tcp(responder: Responder) -> None:
    responder.nonsense = b"nonsense" * 9  # its third and fourth octets hold the TC bit

    with pytest.raises(Fault, match="a broken answer"):
        response(at(responder), NAME, "A")

    assert responder.over_tcp == 0


def test_a_server_without_authority_is_lame(responder: Responder) -> None:
    responder.flags = RESPONSE

    assert response(at(responder), NAME, "A").answer
    with pytest.raises(Lame, match=r"^not authoritative for the zone$"):
        authoritative(at(responder), NAME, "A")


def test_the_first_server_that_answers_is_enough(responder: Responder) -> None:
    with Responder("127.0.0.12") as refusing:
        refusing.rcode = 5
        answer = first_response([at(refusing), at(responder), at(refusing)], NAME, "A")

    assert answer
    assert answer.answer
    assert len(refusing.asked) == 1


def test_addresses_without_a_route_are_not_asked() -> None:
    assert first_response([Server("ns", "not an address")] * 99, NAME, "A") is None
