"""Zone and servers on which the record of a key is looked for, over real sockets."""

from collections.abc import Iterator

import pytest

from deploys.dns import query
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings
from deploys.zones.propagation import visible
from deploys.zones.propagation.visible import visible_names
from tests.zones.responder import domain, soa, txt
from tests.zones.world import NS1, NS2, ZONE, World
from tests.zones.world import world as served

NAME = f"mx1-rsa._domainkey.{ZONE}"
TEXT = "v=DKIM1; k=rsa; p=TmV3"
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
        monkeypatch.setattr(visible, "finder", lambda _: small.ask)
        monkeypatch.setattr(query, "PATIENCE", 0.3)
        small.resolver.answers |= {
            (ZONE, "SOA"): [soa(ZONE)],
            (ZONE, "NS"): [domain(NS1), domain(NS2)],
        }
        for server in (small.ns1, small.ns2):
            server.answers[NAME, "TXT"] = [txt(TEXT)]
        yield small


def test_a_key_is_looked_for_on_the_servers_of_the_zone_of_its_domain(world: World) -> None:
    assert visible_names(settings(), {NAME: TEXT}) == {NAME}
    assert world.ns1.asked


def test_one_record_that_is_not_there_does_not_hide_another(world: World) -> None:
    assert visible_names(settings(), {NAME: TEXT, f"mx2-rsa.{CUT}": TEXT}) == {NAME}
    assert world.ns1.asked


def test_a_record_on_a_server_that_never_answers_is_not_seen_and_not_waited_for(
    world: World,
) -> None:
    world.ns2.silent = True

    assert visible_names(settings(), {NAME: TEXT}) == frozenset()


def test_a_lame_server_hides_nothing_from_receivers(world: World) -> None:
    world.ns2.rcode = 5

    assert visible_names(settings(), {NAME: TEXT}) == {NAME}


def test_a_zone_that_nobody_delegates_shows_nothing(world: World) -> None:
    world.parent.cuts = {}
    world.resolver.answers = {}

    assert visible_names(settings(), {NAME: TEXT}) == frozenset()


def test_no_resolver_is_asked_for_the_name(world: World) -> None:
    visible_names(settings(), {NAME: TEXT})

    assert not {NAME, CUT} & world.asked_of_the_resolver()


def test_keys_in_a_zone_of_their_own_are_found_there(world: World) -> None:
    world.ns1.cuts = {CUT: {NS2: ""}}
    world.ns1.answers.pop((NAME, "TXT"))

    assert visible_names(settings(), {NAME: TEXT}) == {NAME}
