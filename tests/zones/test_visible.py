"""Records of keys on every name server, seen over real sockets."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploys.dns.query import Server
from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings
from deploys.zones.propagation import visible
from deploys.zones.propagation.visible import visible_names
from tests.zones.responder import Responder, domain, txt

HOME = "mx1-rsa._domainkey.mx1.harbor.example.keys.example.net"
LED = "mx1-rsa._domainkey.mx1.harbor.example"
NAME = "mx1-rsa._domainkey.harbor.example"
TEXT = "v=DKIM1; k=rsa; p=TmV3"
HOST = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11"],
    "mail_resolvers": ["127.0.0.1"],
}


def settings(**own: str) -> MailSettings:
    return fleet_from({"mx1": HOST | own}, {}).hosts[0]


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Responder, Responder]]:
    """Two name servers of a zone that both have the record."""
    with ExitStack() as stack:
        both = [stack.enter_context(Responder(f"127.0.0.{number}")) for number in (2, 3)]
        for responder in both:
            responder.answers = {(NAME, "TXT"): [txt(TEXT)]}
        found = tuple(Server(f"ns{i}", one.address, one.port) for i, one in enumerate(both))
        monkeypatch.setattr(visible, "zone_of", lambda name, _: name)
        monkeypatch.setattr(visible, "servers", lambda *_: found)
        yield both[0], both[1]


def test_a_record_that_all_servers_have_is_visible(pair: tuple[Responder, Responder]) -> None:
    assert pair
    assert visible_names(settings(), {NAME: TEXT}) == {NAME}


@pytest.mark.parametrize("lagging", [{}, {(NAME, "TXT"): [txt("v=DKIM1; k=rsa; p=T2xk")]}])
def test_a_record_that_one_server_lacks_is_not(
    pair: tuple[Responder, Responder], lagging: dict[tuple[str, str], list[bytes]]
) -> None:
    pair[1].answers = lagging

    assert visible_names(settings(), {NAME: TEXT}) == frozenset()


def test_a_zone_that_nobody_delegates_shows_nothing(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise MailError(f"{pair}: its name servers cannot be found")

    monkeypatch.setattr(visible, "servers", nobody)

    assert visible_names(settings(), {NAME: TEXT}) == frozenset()


def test_a_challenge_is_visible_where_its_cname_leads(
    pair: tuple[Responder, Responder], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, target = "_acme-challenge.mx1.harbor.example", "mx1.proofs.example"
    whole = {(name, "CNAME"): [domain(target)], (target, "TXT"): [txt("one")]}
    monkeypatch.setattr(visible, "alias_of", lambda *_: target)
    for server in pair:
        server.answers = whole

    assert visible_names(settings(), {name: "one"}) == {name}
    assert visible_names(settings(), {name: "two"}) == frozenset()
    pair[1].answers = {(name, "CNAME"): [domain(target)]}
    assert visible_names(settings(), {name: "one"}) == frozenset()


def test_nothing_to_look_for_asks_nobody() -> None:
    assert not visible_names(settings(), {})


@pytest.mark.parametrize(
    ("second", "seen"),
    [
        ({(LED, "CNAME"): [domain(HOME)], (HOME, "TXT"): [txt(TEXT)]}, {LED, HOME}),
        ({(LED, "CNAME"): [domain(HOME)]}, set()),  # which leads to nothing there
        ({(HOME, "TXT"): [txt(TEXT)]}, {HOME}),  # to which nothing leads there
        ({(LED, "CNAME"): [domain("elsewhere.example")], (HOME, "TXT"): [txt(TEXT)]}, {HOME}),
        ({(LED, "TXT"): [txt(TEXT)], (HOME, "TXT"): [txt(TEXT)]}, {HOME}),
    ],
)
def test_a_record_elsewhere_is_visible_once_every_server_leads_to_it(
    pair: tuple[Responder, Responder],
    second: dict[tuple[str, str], list[bytes]],
    seen: set[str],
) -> None:
    pair[0].answers = {(LED, "CNAME"): [domain(HOME)], (HOME, "TXT"): [txt(TEXT)]}
    pair[1].answers = second

    configured = settings(mail_dkim_cname="keys.example.net")
    assert visible_names(configured, {LED: TEXT, HOME: TEXT}) == seen
