"""Chain of trust from a parent zone, on answers that are really signed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dns.dnssec
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import Algorithm
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.dnskeybase import Flag

from deploys.dns import dnssec as chain
from deploys.dns.dnssec import chain_fault
from deploys.mail.dkim_rotation import Published
from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts
from deploys.mail.settings.inventory import fleet_from
from deploys.zones.propagation import dnssec
from tests.zones.fleets import HARBOR, ORCHARD, host

ZONE = dns.name.from_text(HARBOR)
OWN, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
NOBODY = dns.resolver.Resolver(configure=False)
NOW = datetime.now(UTC)


def public(key: ec.EllipticCurvePrivateKey) -> DNSKEY:
    flags = Flag.ZONE | Flag.SEP
    return dns.dnssec.make_dnskey(key.public_key(), Algorithm.ECDSAP256SHA256, flags=flags)


def signed(by: ec.EllipticCurvePrivateKey | None, ends: datetime) -> list[dns.rrset.RRset]:
    """Return the zone's own key and, where somebody signs, the signature over it."""
    keys = dns.rrset.from_rdata(ZONE, 300, public(OWN))
    if by is None:
        return [keys]
    begins = ends - timedelta(days=7)
    signature = dns.dnssec.sign(
        keys, by, ZONE, public(by), inception=begins, expiration=ends, verify=False
    )
    return [keys, dns.rrset.from_rdata(ZONE, 300, signature)]


def vouching(*keys: ec.EllipticCurvePrivateKey) -> list[dns.rrset.RRset]:
    found = [dns.dnssec.make_ds(ZONE, public(key), "SHA256") for key in keys]
    return [dns.rrset.from_rdata_list(ZONE, 300, found)] if found else []


@pytest.fixture(name="world")
def _world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What name servers answer, by the type that they are asked for."""
    answers: dict[str, list[dns.rrset.RRset]] = {}

    def asked(_zone: object, _name: object, kind: str, _ask: object) -> dns.message.Message:
        if kind not in answers:
            raise MailError("no name server answers")
        message = dns.message.make_response(dns.message.make_query(ZONE, kind))
        message.answer = answers[kind]
        return message

    monkeypatch.setattr(chain, "signed_answer", asked)
    monkeypatch.setattr(chain, "parent_zone", lambda *_: "")
    monkeypatch.setattr(dnssec, "zone_of", lambda *_: HARBOR)
    return answers


LATER, BEFORE = NOW + timedelta(days=3), NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("ds", "keys", "sentence"),
    [
        (vouching(OWN), signed(OWN, LATER), ""),
        (vouching(OTHER, OWN), signed(OWN, LATER), ""),  # a change of keys under way
        (vouching(), signed(OWN, LATER), "harbor.example has no DS at its parent"),
        (vouching(OTHER), signed(OWN, LATER), "the DS of harbor.example at its parent fits none"),
        (vouching(OWN), [], "fits none of its keys"),
        (vouching(OWN), signed(OWN, BEFORE), "not signed with the one that its parent vouches"),
        (vouching(OWN), signed(OTHER, LATER), "not signed with the one that its parent vouches"),
        (vouching(OWN), signed(None, LATER), "not signed with the one that its parent vouches"),
    ],
    ids=[
        "all fits",
        "one of two DS fits",
        "no DS",
        "a DS of another key",
        "no keys",
        "a signature that has ended",
        "a signature of another key",
        "no signature",
    ],
)
def test_a_zone_is_trusted_if_its_parent_vouches_for_the_key_that_signs(
    world: dict[str, Any],
    ds: list[dns.rrset.RRset],
    keys: list[dns.rrset.RRset],
    sentence: str,
) -> None:
    world.update(DS=ds, DNSKEY=keys)

    problem = chain_fault(HARBOR, NOBODY)

    assert sentence in problem
    assert bool(problem) is bool(sentence)


KEY = (Published("mx1-rsa", "v=DKIM1; p=MIIB", "current"),)
ONE = HostFacts(dkim=KEY, tlsa=("0a" * 32,))


def test_digests_are_left_out_of_a_zone_without_trust_and_nothing_else_is(
    world: dict[str, Any],
) -> None:
    world.update(DS=[], DNSKEY=signed(OWN, LATER))
    fleet = fleet_from(
        {
            "mx1": host(1, HARBOR),
            "mx2": host(2, ORCHARD, mail_dane=False),
            "mx3": host(3, "meadow.example", mail_dns=None),
        },
        {},
    )

    facts, (note,) = dnssec.trusted_facts(fleet, dict.fromkeys(("mx1", "mx2", "mx3"), ONE))

    assert facts == {"mx1": HostFacts(dkim=KEY), "mx2": ONE, "mx3": ONE}
    assert note.startswith("no TLSA records for mx1.harbor.example: harbor.example has no DS")
    assert "give the DS to the registrar" in note


@pytest.mark.usefixtures("world")
def test_what_is_published_does_not_vanish_because_the_dns_is_silent() -> None:
    fleet = fleet_from({"mx1": host(1, HARBOR)}, {})

    assert dnssec.trusted_facts(fleet, {"mx1": ONE}) == ({"mx1": ONE}, ("no name server answers",))


def test_a_fleet_without_digests_asks_no_server() -> None:
    fleet = fleet_from({"mx1": host(1, HARBOR)}, {})

    assert dnssec.trusted_facts(fleet, {"mx1": HostFacts()}) == ({"mx1": HostFacts()}, ())
