"""Resolvers, real ones on loopback: what they trust, and what they still remember."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Cached, Trust, UnansweredError
from deploys.checks.dns import dnssec, resolvers
from deploys.dns import authority
from deploys.dns.resolver import Resolver
from tests.checks.honest_dns import followed, of, remembered, zone
from tests.checks.worlds import Zone, fleet
from tests.zones.responder import RESPONSE, Responder, mx

OK, INFO, WARNING, UNKNOWN = Severity.OK, Severity.INFO, Severity.WARNING, Severity.UNKNOWN
AUTHENTIC, CHECKING_DISABLED, SERVFAIL, NXDOMAIN = 0x20, 0x10, 2, 3
MX = ("harbor.example", "MX")


class Validator(Responder):
    """A resolver that finds the signatures of some zones broken."""

    broken = False

    def _answer(self, query: bytes) -> bytes:
        (flags,) = struct.unpack("!H", query[2:4])
        self.rcode = SERVFAIL if self.broken and not flags & CHECKING_DISABLED else 0
        return super()._answer(query)


@pytest.fixture(name="server")
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Validator]:
    monkeypatch.setattr(authority, "LIFETIME", 0.5)
    with Validator("127.0.0.1", zone="harbor.example") as server:
        server.answers = {MX: [mx(10, "mx1.harbor.example")]}
        yield server


def trust(server: Responder) -> Trust:
    return Resolver([server.address], server.port).trust(*MX)


def test_a_chain_that_holds_is_secure(server: Validator) -> None:
    server.flags = RESPONSE | AUTHENTIC

    assert trust(server) is Trust.SECURE


def test_an_answer_for_those_who_do_not_look_is_bogus(server: Validator) -> None:
    server.broken = True

    assert trust(server) is Trust.BOGUS


def test_a_resolver_that_trusts_not_even_the_root_does_not_validate(server: Validator) -> None:
    with pytest.raises(UnansweredError, match=r"127\.0\.0\.1.* does not validate"):
        trust(server)


@pytest.mark.parametrize("fault", ["silent", "nonsense"])
def test_a_resolver_that_does_not_answer_leaves_trust_open(server: Validator, fault: str) -> None:
    setattr(server, fault, b"nonsense" * 9 if fault == "nonsense" else True)

    with pytest.raises(UnansweredError):
        trust(server)


def test_a_resolver_tells_how_long_it_remembers(server: Validator) -> None:
    server.ttl = 1700
    asking = Resolver([server.address], server.port)

    there = asking.cached(server.address, *MX)
    nothing = asking.cached(server.address, "harbor.example", "TXT")

    assert there == Cached(("10 mx1.harbor.example.",), 1700)
    assert nothing == Cached((), 1700)


def test_a_name_that_is_not_there_is_remembered_too() -> None:
    with Responder("127.0.0.1", zone="harbor.example") as denying:
        denying.rcode, denying.ttl = NXDOMAIN, 600
        asking = Resolver([denying.address], denying.port)

        assert asking.cached(denying.address, "gone.harbor.example", "A") == Cached((), 600)


def test_an_old_answer_is_told_with_its_end(tmp_path: Path) -> None:
    old = {MX: Cached(("10 old.example.",), 1700)}

    (finding,) = [one for one in remembered(old)(tmp_path) if one.severity is not OK]

    assert finding.severity is WARNING
    assert finding.saw == (
        "192.0.2.53: MX of harbor.example is 10 old.example. for 1700 s more; "
        "its own servers say 10 mx1.harbor.example."
    )
    assert finding.fix.startswith("wait 1700 s")


def test_other_txt_records_and_spellings_are_no_difference(tmp_path: Path) -> None:
    same = {
        ("harbor.example", "TXT"): Cached(("v=spf1 mx -all", "other=2"), 5),
        MX: Cached(("10 MX1.harbor.example.",), 5),
    }

    assert {one.severity for one in remembered(same)(tmp_path)} == {OK}


def test_resolvers_that_the_operator_names_are_asked() -> None:
    named = fleet().model_copy(
        update={
            "verification": fleet().verification.model_validate(
                {"resolvers": "192.0.2.53, 192.0.2.66"}
            )
        }
    )

    found = list(resolvers.alike(named, of(zone({}))))

    assert {(one.saw.partition(":")[0], one.severity) for one in found} == {
        ("192.0.2.53", OK),
        ("192.0.2.66", UNKNOWN),
    }


def test_zones_without_servers_leave_resolvers_open() -> None:
    assert {one.severity for one in resolvers.alike(fleet(), of(Zone({})))} == {UNKNOWN}


@pytest.mark.parametrize(("keys", "severity"), [((), INFO), (("257 3 13 AAAA",), WARNING)])
def test_a_zone_without_a_chain_is_told_apart_from_one_that_is_half_signed(
    keys: tuple[str, ...], severity: Severity
) -> None:
    known = zone({("harbor.example", "DNSKEY"): keys})
    known.delegated["harbor.example"] = known.delegated["mx1.harbor.example"] = ("ns1",)
    known.trusted = dict.fromkeys(("harbor.example", "mx1.harbor.example"), Trust.INSECURE)

    first, *_ = dnssec.trusted(fleet(), of(known))

    assert first.severity is severity
    assert first.fix


def test_a_broken_chain_is_an_error(tmp_path: Path) -> None:
    first, second = followed(Trust.BOGUS)(tmp_path)

    assert first.saw.startswith("MX of harbor.example: bogus")
    assert second.severity is OK


def test_without_a_resolver_that_validates_the_chain_stays_open() -> None:
    assert {one.severity for one in dnssec.trusted(fleet(), of(Zone({})))} == {UNKNOWN}
