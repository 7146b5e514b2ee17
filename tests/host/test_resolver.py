"""The resolver of a host is asked after its start: it answers, refuses, or is not there."""

from collections.abc import Iterator

import pytest

from deploys.host.agent.services import resolver
from deploys.host.agent.system.shell import Refused
from tests.zones.responder import Responder

NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


@pytest.fixture
def server() -> Iterator[Responder]:
    with Responder("127.0.0.1") as server:
        yield server


@pytest.mark.parametrize("code", [NOERROR, SERVFAIL, NXDOMAIN])
def test_any_answer_shows_a_resolver(server: Responder, code: int) -> None:
    server.rcode = code

    resolver.require_answer(server.address, server.port)

    assert server.asked[0][0] == "localhost"


def test_a_lost_question_is_asked_again(server: Responder) -> None:
    server.lost = 1

    resolver.require_answer(server.address, server.port)

    assert server.datagrams == 2


def test_a_resolver_that_refuses_is_refused(server: Responder) -> None:
    server.rcode = REFUSED

    with pytest.raises(Refused, match="refuses questions of this host; check access-control"):
        resolver.require_answer(server.address, server.port)


def test_a_silent_resolver_is_refused(server: Responder) -> None:
    server.silent = True

    with pytest.raises(Refused, match=r"no answer from the resolver at 127\.0\.0\.1"):
        resolver.require_answer(server.address, server.port, patience=0)


def test_a_closed_port_is_refused() -> None:
    with Responder("127.0.0.1") as server:
        pass

    with pytest.raises(Refused, match="no answer from the resolver"):
        resolver.require_answer(server.address, server.port, patience=0)
