"""Reception of domains, asked of a name server over real sockets."""

from collections import Counter
from collections.abc import Iterator

import pytest

from deploys.dns import authority, reception
from deploys.dns.reception import Reception, Receptions
from tests.zones.responder import Responder, a, mx

NXDOMAIN, SERVFAIL = 3, 2
V6 = a("2001:db8::1")


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Responder]:
    monkeypatch.setattr(authority, "TRY", 0.2)
    monkeypatch.setattr(authority, "LIFETIME", 0.2)
    with Responder("127.0.0.1") as server:
        server.answers = {
            ("mx.example", "A"): [a("192.0.2.1")],
            ("mx6.example", "AAAA"): [V6],
            ("good.example", "MX"): [mx(10, "mx.example")],
            ("six.example", "MX"): [mx(10, "mx6.example")],
            ("second.example", "MX"): [mx(10, "gone.example"), mx(20, "mx.example")],
            ("plain.example", "A"): [a("192.0.2.2")],
            ("plain6.example", "AAAA"): [V6],
            ("null.example", "MX"): [b"\0\0\0"],
            ("both.example", "MX"): [b"\0\0\0", mx(10, "mx.example")],
            ("lost.example", "MX"): [mx(10, "gone.example"), mx(20, "gone2.example")],
            ("literal.example", "MX"): [mx(10, "192.0.2.1")],
        }
        yield server


def receptions(server: Responder) -> Receptions:
    return Receptions([server.address], server.port)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("good.example", Reception.RECEIVES),
        ("six.example", Reception.RECEIVES),
        ("second.example", Reception.RECEIVES),
        ("plain.example", Reception.RECEIVES),
        ("plain6.example", Reception.RECEIVES),
        ("both.example", Reception.RECEIVES),
        ("null.example", Reception.NULL_MX),
        ("lost.example", Reception.NO_ADDRESS),
        ("literal.example", Reception.NO_ADDRESS),
        ("bare.example", Reception.NO_SERVER),
    ],
)
def test_the_records_of_a_domain_tell_if_it_receives_mail(
    server: Responder, domain: str, expected: Reception
) -> None:
    assert receptions(server).of(domain) is expected


def test_a_domain_that_does_not_exist_receives_nothing(server: Responder) -> None:
    server.rcode = NXDOMAIN

    assert receptions(server).of("gone.example") is Reception.ABSENT


def test_a_failure_of_the_name_server_is_unknown(server: Responder) -> None:
    server.rcode = SERVFAIL

    assert receptions(server).of("good.example") is Reception.UNKNOWN


@pytest.mark.parametrize(
    ("silent", "domain", "expected"),
    [
        ("good.example", "good.example", Reception.UNKNOWN),
        ("mx.example", "good.example", Reception.UNKNOWN),
        ("gone.example", "lost.example", Reception.UNKNOWN),
        ("gone.example", "second.example", Reception.RECEIVES),
    ],
)
def test_a_domain_without_an_answer_is_unknown_unless_another_host_is_known(
    server: Responder, silent: str, domain: str, expected: Reception
) -> None:
    server.unanswered = {silent}

    assert receptions(server).of(domain) is expected


def test_each_domain_and_each_mx_host_is_asked_about_once(server: Responder) -> None:
    domains = [f"d{number}.example" for number in range(30)]
    server.answers |= {(domain, "MX"): [mx(10, "mx.example")] for domain in domains}
    counted: list[int] = []

    found = receptions(server).of_all(dict.fromkeys(domains), counted.append)

    assert found == dict.fromkeys(domains, Reception.RECEIVES)
    assert Counter(name for name, _ in server.asked) == Counter([*domains, "mx.example"])
    assert sorted(counted) == [*range(1, 31)]


def test_an_mx_host_is_asked_about_again_once_too_many_are_known(
    server: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "KNOWN_HOSTS", 2)
    server.answers |= {(f"mx{n}.example", "A"): [a("192.0.2.1")] for n in range(3)}
    server.answers |= {(f"d{n}.example", "MX"): [mx(10, f"mx{n % 3}.example")] for n in range(6)}
    asking = receptions(server)

    assert {asking.of(f"d{n}.example") for n in (0, 3, 1, 2, 0)} == {Reception.RECEIVES}
    assert [name for name, _ in server.asked if name.startswith("mx")] == [
        *("mx0.example", "mx1.example", "mx2.example", "mx0.example"),
    ]


def test_without_any_answer_the_other_domains_are_not_asked_about(
    server: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "GIVES_UP", 5)
    monkeypatch.setattr(reception, "WORKERS", 2)
    server.silent = True
    asking = receptions(server)
    domains = [f"d{number}.example" for number in range(50)]

    found = asking.of_all(domains, lambda _: None)

    assert asking.gave_up
    assert found == dict.fromkeys(domains, Reception.UNKNOWN)
    assert server.datagrams < 20


def test_one_silent_domain_stops_nothing(
    server: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception, "GIVES_UP", 2)
    server.unanswered = {"quiet1.example", "quiet2.example"}
    asking = receptions(server)

    found = [
        asking.of(domain)
        for domain in ("quiet1.example", "good.example", "quiet2.example", "plain.example")
    ]

    assert found == [Reception.UNKNOWN, Reception.RECEIVES] * 2
    assert not asking.gave_up
