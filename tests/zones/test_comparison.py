"""Records that name servers answer with and a provider's class does not show, over real sockets."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import dns.rdata
import pytest

from deploys.dns import query
from deploys.dns.lookups import no_lookup
from deploys.mail.records import HostFacts, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.zones import publication
from deploys.zones.backup import Backups
from deploys.zones.propagation.propagation import Propagation
from deploys.zones.providers.loader import load
from deploys.zones.providers.provider import Provider
from deploys.zones.publication import Publication
from tests.zones.configurations import configured, given, reached
from tests.zones.fleets import HARBOR, host, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.stand_ins import OvhApi
from tests.zones.world import NS1, NS2, World
from tests.zones.world import world as small_world

SPF, DMARC = '"v=spf1 include:mx.isp.example ~all"', '"v=DMARC1;p=reject;rua=mailto:a@example.org"'
HERE = (3600, (f"{NS1}.", f"{NS2}."))
HOST = f"mx1.{HARBOR}"
Texts = dict[tuple[str, str], tuple[str, ...]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The zone's servers, and everything that follows the plan taken out."""
    monkeypatch.setattr(publication, "lookup_by", lambda _: no_lookup)
    monkeypatch.setattr(publication, "wait_for_propagation", lambda *_: Propagation())
    monkeypatch.setattr(query, "PATIENCE", 0.3)
    with small_world() as small:
        monkeypatch.setattr(publication, "finder", lambda _: small.ask)
        yield small


def wire(kind: str, text: str) -> bytes:
    written = BytesIO()
    dns.rdata.from_text("IN", kind, text).to_wire(written)
    return written.getvalue()


def serve(world: World, key: tuple[str, str], texts: tuple[str, ...] | list[str]) -> None:
    for server in (world.ns1, world.ns2):
        server.answers[key] = [wire(key[1], text) for text in texts]


def zone(sets: Texts | None = None) -> RecordSets:
    """A zone that is delegated to its provider's name servers."""
    return {(HARBOR, "NS"): HERE, **{key: (300, texts) for key, texts in (sets or {}).items()}}


def planned(held: RecordSets | None = None) -> Publication:
    """Plan the records of mx1 at the provider in memory."""
    served(harbor=zone() if held is None else held)
    return planned_at(Provider("memory", MemoryProvider("test", "memory")))


def planned_at(provider: Provider) -> Publication:
    result = Publication(fleet_from({"mx1": host(1, HARBOR)}, {}), Backups())
    facts = {"mx1": HostFacts(challenges={HOST: ("token",)})}
    records = records_for(result.fleet, ["mx1"], facts)
    result.plan(provider, [record for record in records if record.type != "PTR"])
    return result


NATIVE: list[dict[str, Any]] = [
    {"fieldType": "NS", "subDomain": "", "ttl": 0, "target": f"{NS1}."},
    {"fieldType": "NS", "subDomain": "", "ttl": 0, "target": f"{NS2}."},
    {"fieldType": "MX", "subDomain": "", "ttl": 0, "target": "1 mx1.mail.isp.example."},
    {"fieldType": "TXT", "subDomain": "", "ttl": 600, "target": '"1|www.example.org"'},
]
PANEL = [
    {"fieldType": "SPF", "subDomain": "", "ttl": 600, "target": SPF},
    {"fieldType": "DMARC", "subDomain": "_dmarc", "ttl": 0, "target": DMARC},
]


def at_ovh(
    world: World, monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]]
) -> tuple[OvhApi, Publication]:
    given(monkeypatch)
    api = OvhApi([*NATIVE, *records])
    reached(monkeypatch, api)
    for key, texts in api.served().items():
        serve(world, key, texts)
    return api, planned_at(load(configured("ovh")))


def test_records_of_types_of_ovhs_panel_are_named_with_both_views_and_nothing_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, result = at_ovh(world, monkeypatch, PANEL)
    before = dict(api.records)
    result.publish()

    assert [*result.failures] == [
        (
            f"{HARBOR}: name servers answer at {HARBOR} with TXT {SPF}, but ovh shows "
            f'"1|www.example.org" there; name servers answer at _dmarc.{HARBOR} with TXT {DMARC}, '
            "but ovh shows no TXT there; so a record of ours would be a second one, and nothing "
            "was written there; OVH's panel has types of its own, SPF and DMARC: replace such a "
            "record there by a TXT record with the same text"
        )
    ]
    assert api.records == before
    assert result.changes


def test_the_same_records_as_txt_are_merged_at_ovh(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, result = at_ovh(world, monkeypatch, [{**one, "fieldType": "TXT"} for one in PANEL])
    result.publish()

    assert result.failures == {}
    held = api.served()
    assert sorted(held[HARBOR, "TXT"]) == [
        '"1|www.example.org"',
        '"v=spf1 mx include:mx.isp.example ~all"',
    ]
    assert held[f"_dmarc.{HARBOR}", "TXT"] == [DMARC]


@pytest.mark.parametrize(
    ("key", "texts", "shown"),
    [
        ((HARBOR, "TXT"), ('"v=spf1 -all"',), 'TXT "v=spf1 -all"'),
        ((f"_dmarc.{HARBOR}", "TXT"), ('"v=DMARC1; p=reject"',), 'TXT "v=DMARC1; p=reject"'),
        ((HARBOR, "MX"), ("5 mx.faraway.example.",), "MX 5 mx.faraway.example."),
        ((f"mx1.{HARBOR}", "A"), ("192.0.2.1",), "A 192.0.2.1"),
        ((f"mx1.{HARBOR}", "TXT"), ('"v=spf1 ?all"',), 'TXT "v=spf1 ?all"'),
        ((f"mx1.{HARBOR}", "AAAA"), ("2001:db8::1",), "AAAA 2001:db8::1"),
    ],
)
def test_a_record_of_any_kind_that_the_provider_does_not_show_stops_the_zone(
    world: World, key: tuple[str, str], texts: tuple[str, ...], shown: str
) -> None:
    serve(world, key, texts)
    result = planned()

    (sentence,) = result.failures
    assert f"with {shown}, but memory shows no {key[1]} there" in sentence
    assert "publish that record through the provider, or remove it" in sentence
    assert result.plans == []


def test_a_cname_that_the_provider_does_not_show_stops_the_zone(world: World) -> None:
    for server in (world.ns1, world.ns2):
        server.aliases[HOST] = "www.faraway.example"
    result = planned()

    (sentence,) = result.failures
    assert sentence.count("CNAME www.faraway.example., but memory shows no CNAME there") == 1


@pytest.mark.parametrize(
    ("held", "served_as"),
    [
        ({}, {(f"_acme-challenge.{HOST}", "TXT"): ('"the one before"',)}),  # beside ours
        ({}, {(HARBOR, "TXT"): ('"google-site-verification=1"',)}),  # of another kind
        (
            {},
            {
                (f"mx1.{HARBOR}", "A"): ("198.51.100.11",),
                (HARBOR, "MX"): ("10 MX1.harbor.example.",),
            },
        ),  # as ours
        ({}, {(HARBOR, "TXT"): ('"v=spf1 mx" " ~all"',)}),  # as ours, in two strings
        (
            {(HARBOR, "TXT"): ('"v=spf1 a ~all"',)},
            {(HARBOR, "TXT"): ('"v=spf1 ~all"',)},
        ),  # not reloaded yet
        ({(HARBOR, "TXT"): ('"v=spf1 a ~all"',)}, {}),
        (
            {(HARBOR, "MX"): ("20 mx.faraway.example.",)},
            {(HARBOR, "MX"): ("30 old.faraway.example.",)},
        ),
    ],
)
def test_other_differences_of_the_servers_stop_nothing(
    world: World, held: Texts, served_as: Texts
) -> None:
    for key, texts in served_as.items():
        serve(world, key, texts)
    result = planned(zone(held))

    assert (result.failures, result.notes) == ({}, [])
    assert result.changes


@pytest.mark.parametrize("star", [f"*.{HARBOR}", f"*._dmarc.{HARBOR}"])
def test_the_answer_of_a_wildcard_is_no_record(world: World, star: str) -> None:
    name = f"_dmarc.{HARBOR}" if star == f"*.{HARBOR}" else f"quiet._dmarc.{HARBOR}"
    text = '"v=DMARC1; p=reject"'
    for server in (world.ns1, world.ns2):
        server.answers |= {(at, "TXT"): [wire("TXT", text)] for at in (name, star)}

    assert planned().failures == {}


def test_a_record_that_differs_from_the_wildcard_is_seen(world: World) -> None:
    serve(world, (f"_dmarc.{HARBOR}", "TXT"), ['"v=DMARC1; p=reject"'])
    serve(world, (f"*.{HARBOR}", "TXT"), ['"v=DMARC1; p=none"'])

    assert len(planned().failures) == 1


SILENT = (
    f"{HARBOR}: its name servers do not answer, so the plan is made without records that memory "
    "may not show"
)


def test_servers_without_an_answer_stop_nothing_and_the_plan_says_so(world: World) -> None:
    for server in (world.ns1, world.ns2):
        server.silent = True
    result = planned()

    assert result.failures == {}
    assert result.notes == [SILENT]


def test_a_zone_without_a_delegation_is_planned(world: World) -> None:
    world.parent.cuts = {}
    for server in (world.ns1, world.ns2):
        server.silent = True

    assert planned().failures == {}


def test_a_zone_that_is_delegated_elsewhere_is_planned(world: World) -> None:
    serve(world, (HARBOR, "TXT"), ['"v=spf1 -all"'])
    result = planned(zone() | {(HARBOR, "NS"): (3600, ("ns.nic.example.",))})

    assert result.failures == {}
    assert "but it is delegated to" in result.notes[0]


@pytest.mark.parametrize("delegated", [True, False])
def test_before_a_move_the_servers_of_the_provider_are_asked(
    world: World, *, delegated: bool
) -> None:
    """The zone is at the provider of ns2, and its delegation leads to ns1 or nowhere."""
    world.parent.cuts = {HARBOR: {NS1: ""}} if delegated else {}
    spf = [wire("TXT", '"v=spf1 -all"')]
    there = zone() | {(HARBOR, "NS"): (3600, (f"{NS2}.",))}

    world.ns1.answers[HARBOR, "TXT"] = spf
    assert planned(there).failures == {}

    world.ns2.answers[HARBOR, "TXT"] = spf
    (sentence,) = planned(there).failures
    assert f'at {HARBOR} with TXT "v=spf1 -all", but memory shows no TXT there' in sentence


def test_a_hidden_record_is_refused_though_another_question_has_no_answer(world: World) -> None:
    serve(world, (HARBOR, "TXT"), ['"v=spf1 -all"'])
    for server in (world.ns1, world.ns2):
        server.unanswered = {HOST}

    assert len(planned().failures) == 1


def test_a_server_that_does_not_have_the_zone_is_not_believed(world: World) -> None:
    serve(world, (HARBOR, "TXT"), ['"v=spf1 -all"'])
    for server in (world.ns1, world.ns2):
        server.flags = 0x8000

    assert planned().failures == {}


def test_nothing_is_asked_if_nothing_changes(world: World) -> None:
    planned().publish()
    world.ns1.asked.clear()
    again = planned_at(Provider("memory", MemoryProvider("test", "memory")))

    assert (again.changes, again.failures) == ([], {})
    assert world.ns1.asked == []
