"""A zone that is published by hand, read from its name servers."""

from collections.abc import Iterator

import dns.zonefile
import pytest
from markupsafe import escape

from deploys.dns.authority import finder
from deploys.dns.lookups import no_lookup
from deploys.dns.query import Server
from deploys.mail.records import records_for
from deploys.mail.settings.model import Fleet
from deploys.zones import publication
from deploys.zones.backup import Backups
from deploys.zones.propagation import propagation
from deploys.zones.providers.loader import load
from deploys.zones.publication import Publication
from deploys.zones.record_list import form_text, page, zone_file
from tests.clock import Clock
from tests.zones.fleets import HARBOR
from tests.zones.responder import Responder, a, domain, mx, txt
from tests.zones.scenario import fleet_of

OLD = "v=spf1 include:_spf.faraway.example ~all"
POLICY = "v=spf1 mx include:_spf.faraway.example ~all"
BEFORE = {
    (HARBOR, "NS"): [domain("ns.nic.example")],
    (HARBOR, "TXT"): [txt("site-verification=1f3a"), txt(OLD)],
}
AFTER = {
    (HARBOR, "NS"): [domain("ns.nic.example")],
    ("mx1.harbor.example", "A"): [a("198.51.100.11")],
    ("mx1.harbor.example", "AAAA"): [a("2001:db8:51::11")],
    ("mx1.harbor.example", "TXT"): [txt("v=spf1 a -all")],
    (HARBOR, "MX"): [mx(10, "mx1.harbor.example")],
    (HARBOR, "TXT"): [txt("site-verification=1f3a"), txt(POLICY)],
    ("_dmarc.harbor.example", "TXT"): [txt("v=DMARC1; p=none")],
}

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Responder]:
    """The zone's one name server."""
    with Responder("127.0.0.9") as responder:
        responder.answers = dict(BEFORE)
        found = (Server("ns.nic.example", responder.address, responder.port),)
        for module in (publication, propagation):
            monkeypatch.setattr(module, "servers", lambda *_: found)
        monkeypatch.setattr(propagation, "disagreements", lambda *_: ())
        monkeypatch.setattr(publication, "lookup_by", lambda _: no_lookup)
        monkeypatch.setattr(publication, "zone_of", lambda *_: HARBOR)
        yield responder


def planned(seconds: float = 0.2) -> Publication:
    host = fleet_of(HARBOR, 1).hosts[0].model_copy(update={"dns_timeout": seconds, "ttl": 60})
    fleet = Fleet(hosts=(host,))
    made = Publication(fleet, Backups())
    made.plan(load({"class": "manual"}), records_for(fleet, {"mx1"}))
    assert made.failures == {}
    return made


@pytest.mark.usefixtures("server")
def test_records_to_publish_are_shown_as_lines_of_a_zone_file() -> None:
    text = zone_file(planned().by_hand)
    found = dns.zonefile.read_rrsets(text, rdclass=None)
    lines = {line for one in found for line in one.to_text().split("\n")}

    assert lines == {
        "mx1.harbor.example. 60 IN A 198.51.100.11",
        "mx1.harbor.example. 60 IN AAAA 2001:db8:51::11",
        'mx1.harbor.example. 60 IN TXT "v=spf1 a -all"',
        "harbor.example. 60 IN MX 10 mx1.harbor.example.",
        'harbor.example. 60 IN TXT "site-verification=1f3a"',
        f'harbor.example. 60 IN TXT "{POLICY}"',
        '_dmarc.harbor.example. 60 IN TXT "v=DMARC1; p=none"',
    }
    assert f'; replaces "site-verification=1f3a" and "{OLD}":' in text


@pytest.mark.usefixtures("server")
def test_records_to_publish_are_shown_as_the_fields_of_a_web_form() -> None:
    blocks = form_text(planned().by_hand).split("\n\n")

    (exchanger,) = (block for block in blocks if "Type      MX" in block)
    assert exchanger.splitlines()[1:] == [
        "Name      @",
        "Type      MX",
        "TTL       60",
        "Priority  10",
        "Value     mx1.harbor.example",
    ]
    (policy,) = (block for block in blocks if POLICY in block)
    assert f'replaces  "{OLD}"' in policy
    assert any("Name   mx1\nType   A\nTTL    60\nValue  198.51.100.11" in one for one in blocks)


@pytest.mark.usefixtures("server")
def test_the_page_has_every_field_and_a_button_for_each() -> None:
    made = planned().by_hand
    text = page(made)

    for record in made:
        for field, value in record.fields:
            assert f"<dt>{field}</dt><dd><code>{escape(value)}</code></dd><dd><button" in text
    assert "http" not in text


@pytest.mark.usefixtures("server")
def test_records_that_are_not_published_in_time_are_named() -> None:
    made = planned()
    made.publish()

    (sentence,) = made.failures
    assert "ns.nic.example (127.0.0.9): A mx1.harbor.example (missing), AAAA mx1" in sentence
    assert sentence.endswith("; publish them, then run again: it goes on from here")
    assert made.written == set()


def test_records_published_during_the_wait_are_enough(server: Responder, clock: Clock) -> None:
    made = planned(seconds=20)
    clock.at(0.3, server.answers.update, AFTER)
    made.publish()

    assert made.failures == {}


def test_nothing_is_printed_if_every_record_is_published(server: Responder) -> None:
    server.answers = dict(AFTER)
    made = planned()
    made.publish()

    assert (made.changes, made.notes, made.failures) == ([], [], {})


def test_there_is_no_registry_in_a_zone_by_hand(server: Responder) -> None:
    made = planned()

    assert not [change for change in made.changes if "_pyinfra-mail" in change.name]
    assert not [name for name, _ in server.asked if "_pyinfra-mail" in name]


def test_names_whose_zone_cannot_be_found_for_one_reason_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fleet = fleet_of(HARBOR, 1)
    made = Publication(fleet, Backups())
    with Responder("127.0.0.9") as resolver:  # it answers, and knows no zone at all
        monkeypatch.setattr(
            publication, "finder", lambda _: finder([resolver.address], resolver.port)
        )
        made.plan(load({"class": "manual"}), records_for(fleet, {"mx1"}))

    assert made.failures == {
        "_dmarc.harbor.example, harbor.example, mx1.harbor.example: their zone cannot be found "
        "(the resolver does not know the root); see that the domain is delegated, and that "
        "mail_resolvers answer": {"_dmarc.harbor.example", HARBOR, "mx1.harbor.example"}
    }
