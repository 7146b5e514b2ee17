"""CNAME records of challenges, as the servers of the zone answer, over real sockets."""

from collections.abc import Iterator

import pytest

from deploys.dns.alias import alias_of
from tests.zones.responder import domain, txt
from tests.zones.world import ZONE, World
from tests.zones.world import world as served

NAME, TARGET = f"_acme-challenge.mx1.{ZONE}", "mx1.proofs.example"


@pytest.fixture
def world() -> Iterator[World]:
    with served() as small:
        yield small


def test_an_alias_is_what_the_servers_of_the_zone_say(world: World) -> None:
    for server in (world.ns1, world.ns2):
        server.answers[NAME, "CNAME"] = [domain(TARGET)]

    assert alias_of(NAME, world.ask) == TARGET


def test_a_name_without_a_cname_is_no_alias_and_no_resolver_is_asked_for_it(world: World) -> None:
    for server in (world.ns1, world.ns2):
        server.answers[NAME, "TXT"] = [txt("one")]

    assert alias_of(NAME, world.ask) == ""
    assert NAME not in world.asked_of_the_resolver()


def test_a_zone_that_nobody_answers_for_has_no_alias(world: World) -> None:
    world.parent.cuts = {}
    world.resolver.answers = {}

    assert alias_of(NAME, world.ask) == ""
