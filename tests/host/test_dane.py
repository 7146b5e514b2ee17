"""TLS keys of a host: served once senders accept them, and named by its TLSA records."""

import hashlib
import time
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import dns.rdata
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploys.host.agent.system.shell import Refused
from deploys.host.agent.tls import certificates, chain, rotation, self_signed
from deploys.host.agent.tls import dane as rules
from deploys.host.model.desired import Certificate
from deploys.host.model.request import PublishedKeys
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.services import postfix
from deploys.host.services.plan_input import plan_input
from deploys.host.tls import dane
from deploys.mail.settings.model import MailSettings
from tests.host.found import as_desired, bare, served, settings
from tests.host.pairs import EC, NAME, OTHER, RSA, Key, certificate, key

PATH = f"/etc/ssl/private/pyinfra-mail/{NAME}.pem"
CURRENT = key(EC) + certificate(EC)
ONE, TWO, THREE = (f"{number}a" * 32 for number in range(3))
HOUR = 3600


def digest(of: Key) -> str:
    public = of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()


def digests(text: str) -> list[str]:
    return [leaf.digest for leaf in chain.leaves(text)]


def tlsa(*texts: str) -> tuple[Any, ...]:
    return tuple(dns.rdata.from_text("IN", "TLSA", text) for text in texts)


@pytest.fixture(autouse=True)
def _notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "NOTES", tmp_path / "notes")


def test_a_digest_depends_on_the_public_key_only() -> None:
    above = certificate(OTHER, "ca.example")

    assert digests(CURRENT + above + key(RSA) + certificate(RSA)) == [digest(EC), digest(RSA)]
    assert digests(key(EC) + certificate(EC, "other.example", days=3)) == [digest(EC)]
    assert digests("") == []


def whole(record: str, of: bytes) -> str:
    return f"{record} {hashlib.sha256(of).hexdigest()}"


CA = x509.load_pem_x509_certificate(certificate(RSA, "ca.example").encode())
CHAINED = key(OTHER) + certificate(OTHER) + CA.public_bytes(Encoding.PEM).decode()
OURS, THEIRS = f"3 1 1 {digest(EC)}", f"3 1 1 {digest(OTHER)}"


@pytest.mark.parametrize(
    ("published", "seconds", "new", "refusal"),
    [
        ((), None, CHAINED, ""),  # no validated set: no sender compares
        ((OURS,), None, CURRENT, ""),  # a renewal with the same key
        ((f"3 1 1 {ONE}",), None, CURRENT, ""),  # already served, and a renewal does not change it
        (
            (OURS,),
            None,
            CHAINED,
            "no TLSA record has its key; run the deploy `site` to publish one",
        ),
        (
            (OURS, THEIRS),
            None,
            CHAINED,
            "not every authoritative server is known to have its TLSA record",
        ),
        ((OURS, THEIRS), +HOUR, CHAINED, "caches may lack its TLSA record"),
        (
            (OURS,),
            +HOUR,
            CHAINED,
            "caches may lack its TLSA record",
        ),  # the cache of this host among them
        ((OURS, THEIRS), -1, CHAINED, ""),
        ((whole("2 0 1", CA.public_bytes(Encoding.DER)),), None, CHAINED, ""),
        ((f"2 1 1 {digest(RSA)}",), None, CHAINED, ""),
        ((f"3 1 1 {digest(RSA)}",), None, CHAINED, "no TLSA record has its key"),
        ((THEIRS,), -1, CHAINED + key(RSA) + certificate(RSA), "no TLSA record has its key"),
    ],
    ids=[
        "nothing published",
        "the same key",
        "the same key, which is not in the set",
        "another key",
        "another key, not noted as published everywhere",
        "another key, in the set for too short a time",
        "another key, while this host has the old set in its cache",
        "another key, published for long enough",
        "a CA's certificate",
        "a CA's key",
        "a CA's key in the place of the host's",
        "two keys, one of them not published",
    ],
)
def test_a_key_is_served_if_no_sender_refuses_it(
    monkeypatch: pytest.MonkeyPatch,
    published: tuple[str, ...],
    seconds: float | None,
    new: str,
    refusal: str,
) -> None:
    monkeypatch.setattr(rules, "validated_tlsa", lambda _: tlsa(*published))
    if seconds is not None:
        monkeypatch.setattr(time, "time", lambda: 1_700_000_000 + seconds - 300)
        rules.note_keys(NAME, [digest(OTHER)], 300)
        monkeypatch.setattr(time, "time", lambda: 1_700_000_000)

    if refusal:
        with pytest.raises(rules.UnpublishedKey, match=refusal):
            rules.require_published(NAME, CURRENT, new)
    else:
        rules.require_published(NAME, CURRENT, new)


def test_a_time_that_a_wrong_clock_has_noted_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr(time, "time", lambda: now + 90 * 86_400)
    rules.note_keys(NAME, [ONE], 3600)
    assert set(rules.noted(NAME)["from"]) == {ONE}

    monkeypatch.setattr(time, "time", lambda: now)

    assert rules.noted(NAME)["from"] == {}
    rules.note_keys(NAME, [ONE], 3600)
    assert rules.noted(NAME)["from"] == {ONE: now + 3600}


def test_a_key_waits_for_the_longer_of_two_ttls_and_is_noted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000)
    rules.note_keys(NAME, [ONE], 3600)
    first = rules.noted(NAME)["from"][ONE]
    rules.note_keys(NAME, [ONE, TWO], 300)

    noted = rules.noted(NAME)
    assert noted["from"][ONE] == first
    assert noted["from"][TWO] == 1_700_003_600
    rules.note_keys(NAME, [TWO, THREE], 300)
    assert set(rules.noted(NAME)["from"]) == {TWO, THREE}
    assert rules.noted(NAME)["from"][THREE] == 1_700_000_300


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A host with a self-signed certificate and its next keys, which are small and made soon."""
    monkeypatch.setattr(self_signed, "RSA_BITS", 1024)
    one = Certificate(
        path=str(tmp_path / "mx1.pem"), name=NAME, next=str(tmp_path / "next" / "mx1.pem")
    )
    certificates.write_self_signed(one.path, NAME, certificates.KINDS, {})
    rotation.make_next(one)
    return one


def shown(path: str) -> list[str]:
    return digests(Path(path).read_text())


def test_a_new_self_signed_certificate_has_the_same_keys(own: Certificate) -> None:
    before, text = shown(own.path), Path(own.path).read_text()

    certificates.write_self_signed(
        own.path, NAME, certificates.KINDS, certificates.keys_by_kind(own.path)
    )

    assert shown(own.path) == before
    assert Path(own.path).read_text() != text


def test_a_rotation_serves_the_next_keys_and_makes_new_ones(
    own: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "require_accepted", lambda *_: None)
    before, following = shown(own.path), shown(own.next)

    rotation.rotate(own, lambda *_: None)

    assert shown(own.path) == following
    assert not set(shown(own.next)) & {*before, *following}
    assert len(shown(own.next)) == 2


def test_keys_are_not_rotated_while_senders_do_not_accept_the_next_ones(
    own: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: str) -> None:
        raise rules.UnpublishedKey("until 10:00")

    monkeypatch.setattr(rotation, "require_accepted", never)
    before = shown(own.path), shown(own.next)

    with pytest.raises(Refused, match="until 10:00"):
        rotation.rotate(own, lambda *_: None)

    assert (shown(own.path), shown(own.next)) == before


def test_a_lineage_gets_the_next_key_for_one_renewal_and_then_its_own_back(
    own: Certificate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rotation, "LIVE", tmp_path / "live")
    monkeypatch.setattr(rotation, "require_accepted", lambda *_: None)
    places = {
        kind: tmp_path / "live" / f"{NAME}-{kind}" / "privkey.pem" for kind in certificates.KINDS
    }
    for kind, place in places.items():
        archived = tmp_path / "archive" / kind / "privkey1.pem"
        archived.parent.mkdir(parents=True)
        archived.write_text("in use")
        place.parent.mkdir(parents=True)
        place.symlink_to(archived)
    keys, asked = certificates.keys_by_kind(own.next), []

    def refused(_: object, kinds: list[str]) -> None:
        asked.append({kind: place.read_text() for kind, place in places.items()})
        if kinds == ["rsa"]:
            raise Refused("issue", "too many certificates")

    with pytest.raises(Refused, match="too many"):
        rotation.rotate(replace(own, source="acme"), refused)

    own_key = "in use"
    assert asked == [keys | {"rsa": own_key}, keys | {"ecdsa": own_key}]
    assert {place.read_text() for place in places.values()} == {own_key}
    assert certificates.keys_by_kind(own.next) == keys


def host(own: MailSettings, pid: int | None = 42, **found: Any) -> Existing:
    """Return what is found on a host with a certificate."""
    service = postfix.service(own, plan_input(own, bare()))
    existing = asdict(as_desired(service, pid=pid))
    existing["certificates"] = {PATH: served(service.certificates[0], **found)}
    return decode(Existing, existing)


ACME = {"mail_tls": "acme"}
STANDS_IN = {"served": [ONE], "next": [TWO], "self_signed": True}


@pytest.mark.parametrize(
    ("own", "pid", "found", "keys"),
    [
        ({}, 42, {"served": [ONE], "next": [TWO]}, (ONE, TWO)),
        ({}, None, {"served": [ONE], "next": [TWO], "self_signed": True}, (ONE, TWO)),
        (ACME, 42, {"served": [ONE], "issued": [THREE], "next": [TWO]}, (ONE, THREE, TWO)),
        (ACME, 42, {"served": [ONE], "issued": [ONE], "next": [TWO]}, (ONE, TWO)),
        # On a new host the CA's certificate comes first, and no sender knows another key.
        (ACME, None, STANDS_IN, ()),
        (ACME, None, STANDS_IN | {"issued": [THREE]}, (ONE, THREE, TWO)),
        (ACME, 42, STANDS_IN, (ONE, TWO)),
        (ACME, None, STANDS_IN | {"noted": [ONE, TWO]}, (ONE, TWO)),  # only stopped
    ],
)
def test_records_name_the_current_the_issued_and_the_next_keys(
    own: dict[str, Any], pid: int | None, found: dict[str, Any], keys: tuple[str, ...]
) -> None:
    assert dane.key_digests(settings(**own), host(settings(**own), pid, **found)) == keys


@pytest.mark.parametrize(
    ("own", "noted", "known", "due"),
    [
        ({}, [], True, True),
        ({}, [ONE], True, True),
        ({}, [ONE], False, False),
        ({}, [ONE, TWO], True, False),
        ({"mail_dane": False}, [], True, False),
    ],
)
def test_keys_are_noted_once_every_authoritative_server_has_them(
    own: dict[str, Any], noted: list[str], *, known: bool, due: bool
) -> None:
    def everywhere(_: MailSettings, digests: Collection[str]) -> int | None:
        return 0 if known and set(digests) == {ONE, TWO} else None

    existing = host(settings(**own), served=[ONE], next=[TWO], noted=noted)

    assert bool(dane.announcement(settings(**own), existing, everywhere).changes) is due


@pytest.mark.parametrize(("served", "noted"), [(60, 120), (120, 120), (3600, 3600)])
def test_published_keys_are_noted_with_the_ttl_of_their_records(served: int, noted: int) -> None:
    own = settings(mail_ttl=120)

    found = host(own, served=[ONE], next=[TWO])
    announcement = dane.announcement(own, found, lambda *_: served)

    (note,) = announcement.request
    assert note == PublishedKeys(NAME, (ONE, TWO), noted)
