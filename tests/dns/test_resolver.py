"""Questions to resolvers and to authoritative servers, over real sockets."""

import struct
from collections.abc import Iterator

import pytest

from deploys.dns import authority
from deploys.dns.answer import Cached, Trust
from deploys.dns.resolver import Resolver
from deploys.mail.errors import UnansweredError
from deploys.run.threads import in_parallel
from tests.zones.responder import RESPONSE, TYPES, Responder, a, domain, mx, txt

AUTHENTIC, CHECKING_DISABLED, SERVFAIL, NXDOMAIN = 0x20, 0x10, 2, 3
MX = ("harbor.example", "MX")


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Responder]:
    """One server that is the resolver too, as its own zone's name server."""
    monkeypatch.setitem(TYPES, "SOA", 6)
    with Responder("127.0.0.1") as server:
        server.answers = {
            ("harbor.example", "SOA"): [
                domain("ns.harbor.example") + domain("x.harbor.example") + bytes(20)
            ],
            ("harbor.example", "NS"): [domain("ns.harbor.example")],
            ("ns.harbor.example", "A"): [a("127.0.0.1")],
            ("harbor.example", "TXT"): [txt("v=spf1 mx ", "-all"), txt("site-verification=1")],
        }
        yield server


def resolver(server: Responder) -> Resolver:
    return Resolver([server.address], server.port)


def test_an_authoritative_server_is_asked_by_its_address(server: Responder) -> None:
    (answer,) = resolver(server).authoritative("harbor.example", "TXT")

    assert answer.server == "ns.harbor.example (127.0.0.1)"
    assert answer.values == ("site-verification=1", "v=spf1 mx -all")
    assert server.asked[-1] == ("harbor.example", False)


def test_a_resolver_is_asked_for_policies(server: Responder) -> None:
    texts = ("site-verification=1", "v=spf1 mx -all")

    assert resolver(server).lookup("harbor.example", "TXT") == texts
    assert server.asked[-1] == ("harbor.example", True)


def test_a_name_that_does_not_exist_is_an_answer(server: Responder) -> None:
    asking = resolver(server)
    asking.authoritative("harbor.example", "TXT")
    server.rcode = 3

    (answer,) = asking.authoritative("harbor.example", "AAAA")

    assert (answer.values, answer.problem) == ((), "")


def test_a_server_that_is_not_authoritative_is_lame(server: Responder) -> None:
    asking = resolver(server)
    asking.authoritative("harbor.example", "TXT")
    server.flags = RESPONSE

    (answer,) = asking.authoritative("harbor.example", "MX")

    assert answer.problem == "not authoritative for the zone"


@pytest.mark.parametrize("rcode", [2, 5], ids=["SERVFAIL", "REFUSED"])
def test_a_server_that_refuses_has_a_problem(server: Responder, rcode: int) -> None:
    asking = resolver(server)
    asking.authoritative("harbor.example", "TXT")
    server.rcode = rcode

    (answer,) = asking.authoritative("harbor.example", "MX")

    assert answer.problem


def test_the_servers_of_a_zone_are_looked_up_once_for_all_names_in_it(server: Responder) -> None:
    asking = resolver(server)
    for name in ("harbor.example", "www.harbor.example", "mx1.harbor.example"):
        asking.authoritative(name, "TXT")

    assert [name for name, _ in server.asked].count("ns.harbor.example") == 2  # A and AAAA


def test_a_question_that_many_have_at_the_same_time_is_asked_once(server: Responder) -> None:
    asking = resolver(server)
    answers = in_parallel(lambda _: asking.lookup("harbor.example", "TXT"), range(16))

    assert set(answers) == {("site-verification=1", "v=spf1 mx -all")}
    assert server.asked == [("harbor.example", True)]


def test_a_question_without_an_answer_fails_for_all_who_ask_it(server: Responder) -> None:
    asking = resolver(server)
    server.rcode = 5
    for _ in range(2):
        with pytest.raises(UnansweredError, match=r"no answer about TXT of harbor\.example"):
            asking.lookup("harbor.example", "TXT")


def test_a_resolver_that_refuses_leaves_the_question_open(server: Responder) -> None:
    server.rcode = 5

    with pytest.raises(UnansweredError, match=r"harbor\.example: its zone cannot be found"):
        resolver(server).authoritative("harbor.example", "MX")


def test_a_resolver_without_the_root_leaves_the_question_open(server: Responder) -> None:
    with pytest.raises(UnansweredError, match="the resolver does not know the root"):
        resolver(server).authoritative("orchard.example", "MX")


class Validator(Responder):
    """A resolver that finds the signatures of some zones broken."""

    broken = False

    def _answer(self, query: bytes) -> bytes:
        (flags,) = struct.unpack("!H", query[2:4])
        self.rcode = SERVFAIL if self.broken and not flags & CHECKING_DISABLED else 0
        return super()._answer(query)


@pytest.fixture(name="validator")
def _validator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Validator]:
    monkeypatch.setattr(authority, "LIFETIME", 0.5)
    with Validator("127.0.0.1", zone="harbor.example") as validator:
        validator.answers = {MX: [mx(10, "mx1.harbor.example")]}
        yield validator


def trust(validator: Responder) -> Trust:
    return Resolver([validator.address], validator.port).trust(*MX)


def test_a_chain_that_holds_is_secure(validator: Validator) -> None:
    validator.flags = RESPONSE | AUTHENTIC

    assert trust(validator) is Trust.SECURE


def test_an_answer_only_without_validation_is_bogus(validator: Validator) -> None:
    validator.broken = True

    assert trust(validator) is Trust.BOGUS


def test_a_resolver_that_trusts_not_even_the_root_does_not_validate(validator: Validator) -> None:
    with pytest.raises(UnansweredError, match=r"127\.0\.0\.1.* does not validate"):
        trust(validator)


@pytest.mark.parametrize("fault", ["silent", "nonsense"])
def test_a_resolver_that_does_not_answer_leaves_trust_open(
    validator: Validator, fault: str
) -> None:
    setattr(validator, fault, b"nonsense" * 9 if fault == "nonsense" else True)

    with pytest.raises(UnansweredError):
        trust(validator)


def test_a_resolver_keeps_an_answer_for_its_ttl(validator: Validator) -> None:
    validator.ttl = 1700
    asking = Resolver([validator.address], validator.port)

    there = asking.cached(validator.address, *MX)
    nothing = asking.cached(validator.address, "harbor.example", "TXT")

    assert there == Cached(("10 mx1.harbor.example.",), 1700)
    assert nothing == Cached((), 1700)


def test_a_resolver_keeps_the_answer_that_a_name_does_not_exist() -> None:
    with Responder("127.0.0.1", zone="harbor.example") as denying:
        denying.rcode, denying.ttl = NXDOMAIN, 600
        asking = Resolver([denying.address], denying.port)

        assert asking.cached(denying.address, "gone.harbor.example", "A") == Cached((), 600)
