"""Whether a key's record has reached every name server, seen over real sockets."""

from collections.abc import Iterator

import pytest

from deploys.mail.checking import fleet_from
from deploys.mail.settings import MailSettings
from deploys.zones import answers
from deploys.zones import visible as seeing
from deploys.zones.visible import visible
from tests.zones.responder import domain, soa, txt
from tests.zones.world import NS1, NS2, ZONE, World
from tests.zones.world import world as served

NAME = f"mx1-rsa._domainkey.{ZONE}"
TEXT = "v=DKIM1; k=rsa; p=TmV3"
NEW, OLD = [txt(TEXT)], [txt("v=DKIM1; k=rsa; p=T2xk")]
CUT = f"_domainkey.{ZONE}"
HOST = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11"],
    "mail_resolvers": ["127.0.0.1"],
}


def settings() -> MailSettings:
    return fleet_from({"mx1": HOST}, {}).hosts[0]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A zone whose two name servers both have the record."""
    with served() as small:
        monkeypatch.setattr(seeing, "resolver", lambda _: small.ask)
        monkeypatch.setattr(answers, "PATIENCE", 0.3)
        small.resolver.answers |= {
            (ZONE, "SOA"): [soa(ZONE)],
            (ZONE, "NS"): [domain(NS1), domain(NS2)],
        }
        for server in (small.ns1, small.ns2):
            server.answers[NAME, "TXT"] = NEW
        yield small


def test_a_record_that_all_servers_have_is_visible(world: World) -> None:
    assert visible(settings(), {NAME: TEXT}) == {NAME}
    assert world.ns1.asked


@pytest.mark.parametrize("lagging", [[], OLD])
def test_a_record_that_one_server_lacks_is_not(lagging: list[bytes], world: World) -> None:
    world.ns2.answers[NAME, "TXT"] = lagging

    assert visible(settings(), {NAME: TEXT}) == frozenset()


def test_one_record_that_is_not_there_does_not_hide_another(world: World) -> None:
    assert visible(settings(), {NAME: TEXT, f"mx2-rsa.{CUT}": TEXT}) == {NAME}
    assert world.ns1.asked


def test_a_record_on_a_server_that_never_answers_is_not_seen_and_not_waited_for(
    world: World,
) -> None:
    world.ns2.silent = True

    assert visible(settings(), {NAME: TEXT}) == frozenset()


def test_a_lame_server_hides_nothing_from_receivers(world: World) -> None:
    world.ns2.rcode = 5

    assert visible(settings(), {NAME: TEXT}) == {NAME}


def test_a_zone_that_nobody_delegates_shows_nothing(world: World) -> None:
    world.parent.cuts = {}
    world.resolver.answers = {}

    assert visible(settings(), {NAME: TEXT}) == frozenset()


def test_no_resolver_is_asked_for_the_name(world: World) -> None:
    visible(settings(), {NAME: TEXT})

    assert not {NAME, CUT} & world.asked_of_the_resolver()


def test_keys_in_a_zone_of_their_own_are_found_there(world: World) -> None:
    world.ns1.cuts = {CUT: {NS2: ""}}
    world.ns1.answers.pop((NAME, "TXT"))

    assert visible(settings(), {NAME: TEXT}) == {NAME}


@pytest.mark.parametrize(
    ("there", "seen"), [(NEW, {NAME}), (OLD, set()), ([], set())], ids=["new", "old", "missing"]
)
def test_a_key_that_a_cname_leads_to_is_looked_for_where_it_leads(
    there: list[bytes], seen: set[str], world: World
) -> None:
    target = f"mx1-rsa.keys.{ZONE}"
    for server in (world.ns1, world.ns2):
        server.answers.pop((NAME, "TXT"))
        server.answers[NAME, "CNAME"] = [domain(target)]
    world.ns1.answers[target, "TXT"] = NEW
    world.ns2.answers[target, "TXT"] = there

    assert visible(settings(), {NAME: TEXT}) == seen


def test_a_cname_into_a_zone_that_nobody_knows_leads_nowhere(world: World) -> None:
    for server in (world.ns1, world.ns2):
        server.answers[NAME, "CNAME"] = [domain("mx1-rsa.keys.lost.example")]
    world.parent.silent = True

    assert visible(settings(), {NAME: TEXT}) == frozenset()


def test_a_cname_that_leads_to_itself_comes_to_an_end(world: World) -> None:
    for server in (world.ns1, world.ns2):
        server.answers.pop((NAME, "TXT"))
        server.answers[NAME, "CNAME"] = [domain(NAME)]

    assert visible(settings(), {NAME: TEXT}) == frozenset()


def test_nothing_to_look_for_asks_nobody() -> None:
    assert not visible(settings(), {})
