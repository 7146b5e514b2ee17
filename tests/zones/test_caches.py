"""Replaced record sets in the caches of resolvers, and how long a run waits for their end."""

from collections.abc import Iterator

import pytest

from deploys.dns.query import Server
from deploys.zones.model.changes import ExpectedAnswer, RecordChange, RecordSet
from deploys.zones.propagation.ttl import PublishedChange, lifetime, outlive
from tests.clock import Clock
from tests.zones.responder import Responder, txt

ZONE = "harbor.example"
OLD, NEW = '"v=spf1 ~all"', '"v=spf1 mx ~all"'


def change(
    kind: str, name: str, before: tuple[str, ...] | None, after: tuple[str, ...]
) -> RecordChange:
    existing = None if before is None else RecordSet(300, before)
    return RecordChange(name, kind, existing, RecordSet(3600, after), "why")


OUTLIVED = {
    "a new name": (0, change("TXT", f"a._domainkey.{ZONE}", None, ("new",))),
    "a DKIM key that replaces another": (
        300,
        change("TXT", f"a._domainkey.{ZONE}", ("old",), ("new",)),
    ),
    "a DKIM key that is revoked": (
        0,
        change("TXT", f"a._domainkey.{ZONE}", ("old",), ('"v=DKIM1; k=rsa; p="',)),
    ),
    "the digest of the next certificate": (
        300,
        change("TLSA", f"_25._tcp.mx1.{ZONE}", ("old",), ("old", "new")),
    ),
    "the digest of a former certificate that goes": (
        0,
        change("TLSA", f"_25._tcp.mx1.{ZONE}", ("old", "new"), ("new",)),
    ),
    "an SPF policy that lets a host send": (300, change("TXT", ZONE, (OLD,), (NEW,))),
    "another address of a host": (300, change("A", f"mx1.{ZONE}", ("a",), ("a", "b"))),
    "another host that receives": (300, change("MX", ZONE, ("10 a.",), ("10 a.", "10 b."))),
    "a time to live alone": (0, change("MX", ZONE, ("10 a.",), ("10 a.",))),
    "where reports go": (0, change("TXT", f"_dmarc.{ZONE}", ("old",), ("new",))),
    "the id of an MTA-STS policy": (0, change("TXT", f"_mta-sts.{ZONE}", ("old",), ("new",))),
    "who may issue certificates": (0, change("CAA", ZONE, ("old",), ("old", "new"))),
}


@pytest.mark.parametrize(("seconds", "changed"), OUTLIVED.values(), ids=OUTLIVED)
def test_what_the_next_steps_depend_on_is_outlived(seconds: int, changed: RecordChange) -> None:
    assert lifetime(changed) == seconds


@pytest.fixture
def resolver() -> Iterator[Responder]:
    """A resolver that remembers the old policy."""
    with Responder("127.0.0.2") as responder:
        responder.answers = {(ZONE, "TXT"): [txt("v=spf1 ~all")]}
        yield responder


def policy(ttl: int) -> PublishedChange:
    """A policy that replaced one with that time to live."""
    changed = RecordChange(ZONE, "TXT", RecordSet(ttl, (OLD,)), RecordSet(3600, (NEW,)), "why")
    return PublishedChange(ZONE, changed, (ExpectedAnswer(ZONE, "TXT", (NEW,), (OLD,)),))


def reports() -> PublishedChange:
    """A change that no next step depends on."""
    name = f"_dmarc.{ZONE}"
    values = '"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'
    changed = RecordChange(
        name, "TXT", RecordSet(300, values[:1]), RecordSet(300, values[1:]), "why"
    )
    return PublishedChange(ZONE, changed, (ExpectedAnswer(name, "TXT", values[1:], values[:1]),))


def by(responder: Responder) -> list[Server]:
    return [Server("resolver", responder.address, responder.port, recursive=True)]


def test_a_resolver_is_asked_for_recursion(resolver: Responder) -> None:
    outlive([reports()], by(resolver), 0)

    assert resolver.asked == [(f"_dmarc.{ZONE}", True)]


def test_a_resolver_that_has_the_new_records_holds_nothing_up(
    resolver: Responder, clock: Clock
) -> None:
    resolver.answers = {(f"_dmarc.{ZONE}", "TXT"): [txt("v=DMARC1; p=reject")]}

    assert outlive([reports()], by(resolver), 60) == []
    assert clock.sleeps == []


def test_an_old_answer_is_waited_for_until_it_ends(resolver: Responder, clock: Clock) -> None:
    resolver.answers = {(f"_dmarc.{ZONE}", "TXT"): [txt("v=DMARC1; p=none")]}
    resolver.ttl = 3
    fresh = {(f"_dmarc.{ZONE}", "TXT"): [txt("v=DMARC1; p=reject")]}
    clock.at(0.3, resolver.answers.update, fresh)

    assert outlive([reports()], by(resolver), 60) == []
    assert 0.3 <= clock.now < 2


def test_an_old_answer_that_does_not_end_in_time_is_said_at_once(
    resolver: Responder, clock: Clock
) -> None:
    resolver.answers = {(f"_dmarc.{ZONE}", "TXT"): [txt("v=DMARC1; p=none")]}
    resolver.ttl = 300

    (note,) = outlive([reports()], by(resolver), 60)

    assert clock.sleeps == []
    assert note == (
        "harbor.example: all its name servers have the new records, but resolvers answer without "
        "them, resolver (127.0.0.2): TXT _dmarc.harbor.example (old); their old answers end with "
        "the TTL"
    )


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (("rcode", 3), "missing"),
        (("rcode", 2), "answers SERVFAIL"),
        (("silent", True), "no answer within 0.3 s"),
    ],
)
def test_a_resolver_that_does_not_know_is_said_and_not_waited_for(
    fault: tuple[str, object],
    words: str,
    resolver: Responder,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploys.dns.query.PATIENCE", 0.3)
    resolver.answers = {}
    setattr(resolver, *fault)

    (note,) = outlive([reports()], by(resolver), 60)

    assert f"TXT _dmarc.harbor.example ({words})" in note
    assert clock.sleeps == []


def test_what_was_replaced_is_outlived_where_the_time_suffices(
    resolver: Responder, clock: Clock
) -> None:
    resolver.answers = {(ZONE, "TXT"): [txt("v=spf1 mx ~all")]}

    assert outlive([policy(ttl=1)], by(resolver), 60) == []
    assert clock.sleeps == [1]


def test_what_was_replaced_is_said_where_the_time_does_not_suffice(
    resolver: Responder, clock: Clock
) -> None:
    resolver.answers = {(ZONE, "TXT"): [txt("v=spf1 mx ~all")]}

    (note,) = outlive([policy(ttl=300)], by(resolver), 60)

    assert clock.sleeps == []
    assert "for up to 300 s caches may have the old records of TXT harbor.example" in note
