"""Servers of a zone by its parent: found over real sockets, in a DNS of a few servers."""

from collections.abc import Callable, Iterator

import pytest

from deploys.dns import query
from deploys.dns.authority import finder, servers, zone_of
from deploys.dns.delegation import disagreements
from deploys.mail.errors import UnansweredError
from tests.zones.responder import RESPONSE, a, domain, soa
from tests.zones.world import NS1, NS2, PARENT, ZONE, World
from tests.zones.world import world as served

BOTH = [f"{NS1} (127.0.0.8)", f"{NS2} (127.0.0.9)"]


@pytest.fixture
def world() -> Iterator[World]:
    with served() as small:
        yield small


def found(world: World) -> list[str]:
    return [str(server) for server in servers(ZONE, world.ask)]


def test_the_servers_of_a_zone_are_those_that_its_parent_names(world: World) -> None:
    world.resolver.answers[ZONE, "NS"] = [domain("ns.former.example")]
    for server in (world.ns1, world.ns2):
        server.answers[ZONE, "NS"] = [domain("ns.other.example")]

    assert found(world) == BOTH


def test_the_resolver_is_not_asked_for_the_zone_which_may_be_new(world: World) -> None:
    found(world)

    assert world.asked_of_the_resolver() == {PARENT, "ns.nic.example", NS1, NS2}


def test_a_server_is_asked_at_all_its_addresses_of_both_families(world: World) -> None:
    world.resolver.answers[NS1, "AAAA"] = [a("2001:db8:25::2")]
    world.resolver.answers[NS2, "A"] = [a("203.0.113.3"), a("203.0.113.4")]

    assert found(world) == [
        f"{NS1} (127.0.0.8)",
        f"{NS1} (2001:db8:25::2)",
        f"{NS2} (203.0.113.3)",
        f"{NS2} (203.0.113.4)",
    ]


def test_the_parent_knows_where_a_server_inside_the_zone_is(world: World) -> None:
    world.parent.cuts = {ZONE: {f"ns.{ZONE}": "127.0.0.8"}}

    assert found(world) == [f"ns.{ZONE} (127.0.0.8)"]


def test_one_server_that_has_the_parent_and_the_zone_names_them_too(world: World) -> None:
    world.parent.cuts = {}
    world.parent.answers[ZONE, "NS"] = [domain(NS2)]

    assert found(world) == BOTH[1:]


def denying(world: World) -> None:
    world.parent.cuts, world.parent.rcode = {}, 3


def silent(world: World) -> None:
    world.parent.silent = True


def refusing(world: World) -> None:
    world.parent.rcode = 5


def nowhere(world: World) -> None:
    del world.resolver.answers["ns.nic.example", "A"]


@pytest.mark.parametrize("fault", [denying, silent, refusing, nowhere])
def test_where_the_parent_does_not_answer_the_resolver_is_asked(
    fault: Callable[[World], None], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "PATIENCE", 0.2)
    fault(world)
    world.resolver.answers[ZONE, "NS"] = [domain(NS2)]

    assert found(world) == BOTH[1:]


def test_a_zone_without_a_delegation_is_an_error(world: World) -> None:
    denying(world)

    with pytest.raises(
        UnansweredError, match=r"be found \(the DNS does not know the zone\); delegate"
    ):
        found(world)


def test_servers_without_an_address_are_an_error(world: World) -> None:
    world.parent.cuts = {ZONE: {"ns.lost.example": ""}}

    with pytest.raises(
        UnansweredError, match=r"none of its name servers ns\.lost\.example has an address"
    ):
        found(world)


def test_a_resolver_that_does_not_answer_is_an_error() -> None:
    ask = finder(("127.0.0.8",))
    ask.port, ask.lifetime = 9, 0.2

    with pytest.raises(UnansweredError, match="no resolver answers"):
        servers(ZONE, ask)


def differences(world: World) -> list[str]:
    return list(disagreements(ZONE, servers(ZONE, world.ask)))


def test_a_parent_and_a_zone_that_name_the_same_servers_leave_nothing_to_say(world: World) -> None:
    assert differences(world) == []


@pytest.mark.parametrize(
    "own", [[NS1], [NS1, NS2, "ns3.nic.example"], [NS1, "ns3.nic.example"]], ids=" ".join
)
def test_a_zone_that_names_other_servers_than_its_parent_is_a_difference(
    own: list[str], world: World
) -> None:
    for server in (world.ns1, world.ns2):
        server.answers[ZONE, "NS"] = [domain(name) for name in own]

    (sentence,) = differences(world)

    assert sentence == (
        f"{ZONE}: it is delegated to {NS1} and {NS2}, while its own NS records name "
        f"{' and '.join(own)}; make them the same"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rcode", 5, "answers REFUSED"),
        ("rcode", 2, "answers SERVFAIL"),
        ("flags", RESPONSE, "not authoritative for the zone"),
    ],
)
def test_a_lame_server_is_named_with_its_fault(
    name: str, value: int, words: str, world: World
) -> None:
    setattr(world.ns2, name, value)

    (sentence,) = differences(world)

    assert f"{ZONE}: it is delegated to {BOTH[1]}, which does not serve it ({words})" in sentence


def test_a_server_that_does_not_answer_is_no_difference(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "PATIENCE", 0.2)
    world.ns2.silent = True

    assert differences(world) == []


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        (ZONE, ZONE),
        (f"a._domainkey.{ZONE}", ZONE),
        (f"a._domainkey.news.{ZONE}", ZONE),
        (f"a._domainkey.cut.{ZONE}", f"cut.{ZONE}"),
    ],
)
def test_the_zone_of_a_name_is_found_though_the_name_is_not_there(
    name: str, zone: str, world: World
) -> None:
    world.resolver.answers[ZONE, "SOA"] = [soa(ZONE)]
    world.resolver.answers[ZONE, "NS"] = [domain(NS1), domain(NS2)]
    world.ns1.cuts = {f"cut.{ZONE}": {NS2: ""}}

    assert zone_of(name, world.ask) == zone
    assert not {f"news.{ZONE}", f"_domainkey.{ZONE}", name} & world.asked_of_the_resolver() - {ZONE}


def test_the_zone_of_a_top_level_domain_is_found_too(world: World) -> None:
    assert zone_of(PARENT, world.ask) == PARENT
