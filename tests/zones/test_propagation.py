"""From a zone that is written to one that can be used: the servers asked, in their order."""

from collections.abc import Iterator

import pytest

from deploys.dns import query
from deploys.mail.records import MailRecord
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.propagation import propagation
from deploys.zones.propagation.propagation import Propagation, wait_for_propagation
from deploys.zones.providers.loader import load
from tests.clock import Clock
from tests.zones.fleets import DNS, HARBOR, harbor, served
from tests.zones.memory import RecordSets
from tests.zones.responder import Responder, domain, mx, txt
from tests.zones.world import NS1, NS2, ZONE, World
from tests.zones.world import world as small_world

MX = MailRecord(HARBOR, "MX", (f"10 mx1.{HARBOR}.",), 3600, "who receives")
DMARC = MailRecord(f"_dmarc.{HARBOR}", "TXT", ("v=DMARC1; p=none",), 3600, "what to do")
NEW = {
    (HARBOR, "MX"): [mx(10, f"mx1.{HARBOR}")],
    (f"_dmarc.{HARBOR}", "TXT"): [txt("v=DMARC1; p=none")],
}

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with small_world() as small:
        monkeypatch.setattr(propagation, "finder", lambda _: small.ask)
        for server in (small.resolver, small.ns1, small.ns2):
            server.answers |= NEW
        yield small


def zone() -> RecordSets:
    """A zone whose provider has it for the name servers that the world is led to."""
    return harbor() | {(HARBOR, "NS"): (3600, (f"{NS1}.", f"{NS2}."))}


@pytest.fixture
def planned() -> ZonePlan:
    served(harbor=zone())
    return plan(load(DNS), HARBOR, [MX, DMARC])


def without(responder: Responder, *lacking: tuple[str, str]) -> None:
    responder.answers = {key: held for key, held in responder.answers.items() if key not in lacking}


def test_a_zone_that_is_answered_everywhere_leaves_nothing_to_say(
    world: World, planned: ZonePlan
) -> None:
    assert world
    assert wait_for_propagation([planned.published], (), 5) == Propagation()


def test_no_resolver_is_asked_for_a_new_name_before_every_name_server_has_it(
    world: World, planned: ZonePlan, clock: Clock
) -> None:
    without(world.ns2, *NEW)
    asked: list[set[str]] = []

    def catch_up() -> None:
        asked.append(world.asked_of_the_resolver())
        world.ns2.answers |= NEW

    clock.at(0.6, catch_up)

    assert wait_for_propagation([planned.published], (), 5) == Propagation()
    assert not {ZONE, f"_dmarc.{ZONE}"} & asked[0]
    assert {ZONE, f"_dmarc.{ZONE}"} <= world.asked_of_the_resolver()


def test_a_name_server_that_stays_behind_fails_the_zone_and_keeps_the_resolvers_from_being_asked(
    world: World, planned: ZonePlan
) -> None:
    without(world.ns2, (HARBOR, "MX"))

    result = wait_for_propagation([planned.published], (), 0.3)

    assert f"{NS2} (127.0.0.9): MX {HARBOR} (missing)" in result.failures[ZONE]
    assert f"_dmarc.{ZONE}" not in world.asked_of_the_resolver()


def test_a_name_server_that_never_answers_is_waited_for_no_longer_than_told(
    world: World, planned: ZonePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "PATIENCE", 0.2)
    world.ns1.silent = True

    result = wait_for_propagation([planned.published], (), 0.5)

    assert f"{NS1} (127.0.0.8): MX {HARBOR} (no answer within 0.2 s)" in result.failures[ZONE]


def test_a_zone_that_is_served_by_others_than_its_provider_fails(
    world: World, planned: ZonePlan
) -> None:
    for server in (world.ns1, world.ns2):
        without(server, *NEW)
        server.answers[ZONE, "NS"] = [domain("ns.provider.example")]

    result = wait_for_propagation([planned.published], (), 0.1)

    assert ZONE in result.failures
    assert any("its own NS records name ns.provider.example" in note for note in result.notes)


def test_a_lame_server_is_a_note_and_the_zone_can_be_used(world: World, planned: ZonePlan) -> None:
    world.ns2.rcode = 5

    result = wait_for_propagation([planned.published], (), 5)

    assert not result.failures
    assert any("which does not serve it (answers REFUSED)" in note for note in result.notes)


def test_a_resolver_that_lags_is_a_note_and_the_zone_can_be_used(
    world: World, planned: ZonePlan
) -> None:
    without(world.resolver, (HARBOR, "MX"))

    result = wait_for_propagation([planned.published], (), 5)

    assert not result.failures
    assert [f"MX {HARBOR} (missing)" in note for note in result.notes] == [True]


def test_a_zone_that_nothing_was_changed_in_is_asked_of_its_name_servers_alone(
    world: World,
) -> None:
    served(harbor=zone() | {(HARBOR, "MX"): (3600, (f"10 mx1.{HARBOR}.",))})

    assert wait_for_propagation([plan(load(DNS), HARBOR, [MX]).published], (), 5) == Propagation()
    assert ZONE not in world.asked_of_the_resolver()


def test_a_zone_whose_servers_nobody_knows_fails_alone(world: World, planned: ZonePlan) -> None:
    world.parent.cuts = {ZONE: {"ns.lost.example": ""}}

    result = wait_for_propagation([planned.published], (), 5)

    assert "none of its name servers ns.lost.example has an address" in result.failures[ZONE]
    assert not result.notes
