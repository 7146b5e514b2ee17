"""One test on three APIs: our records enter a zone full of others' records, and these stay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import pytest
from octodns.record import Record

from deploys.lab.definition import UPDATED
from deploys.lab.inventory import dns_by_update, resolvers
from deploys.mail.dkim_rotation import Published
from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts, MailRecord, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.secret import env
from deploys.zones.apply import apply
from deploys.zones.backup import Backups
from deploys.zones.model.changes import RecordChange, RecordSet
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.loader import load
from deploys.zones.providers.provider import Provider
from deploys.zones.publication import Publication
from tests.lab.labs import Raised
from tests.lab.servers import OnKnot, OnPowerDns, OnRoute53, RecordSets, Server
from tests.zones.scenario import run_scenario

HELD = {
    "powerdns": {"CAA", "TLSA"},
    "knot": {"CAA", "TLSA"},
    "route53": {"CAA"},
}
KEY = "M" * 388  # of 2048 bits, so that its record has two strings (RFC 6376 section 3.6.2.2)
SPF = '"v=spf1 include:_spf.faraway.example ~all"'
MERGED = '"v=spf1 mx include:_spf.faraway.example ~all"'
LONG = f'"{"k" * 255}" "{"k" * 99}"'
TEXTS = ['""', '"site-verification=5d1c9b27"', '"x; y;z"', LONG]
ODD = ['"a\\"b"', '"back\\\\slash"', '"\\195\\164"']
DIGEST = "d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"
AUTHORITY = '0 issue "authority.example; accounturi=https://authority.example/acct/1"'


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """Route 53's API on loopback."""
    from tests.lab import amazon  # noqa: PLC0415 - one worker needs moto, which takes long to import

    with amazon.route53() as url:
        yield url


@pytest.fixture(
    params=[
        pytest.param("powerdns", marks=pytest.mark.lab),
        pytest.param("knot", marks=pytest.mark.lab),
        "route53",
    ]
)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose zone has others' records, and is restored afterwards."""
    made = _server(request, monkeypatch)
    made.start()
    for (name, kind), (ttl, values) in strangers(made.zone).items():
        made.put(name, kind, ttl, values)
    assert strangers(made.zone).items() <= made.held().items()
    yield made
    made.stop()


def _server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "route53":
        url = request.getfixturevalue("aws")
        # It has no key for the endpoint, so this is Amazon's own way of naming another one.
        monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("TEST_AWS_KEY", "open-sesame")
        return OnRoute53(url)
    lab = request.getfixturevalue("lab")
    return OnPowerDns(lab) if request.param == "powerdns" else OnKnot(lab)


def strangers(zone: str) -> RecordSets:
    """Records of others in the zone: at names of ours, at other names and below."""
    return {
        (zone, "TXT"): (300, sorted([SPF, *TEXTS])),
        (zone, "CAA"): (300, ['0 issue "authority.example"']),
        (f"odd.{zone}", "TXT"): (60, sorted(ODD)),
        (f"*.{zone}", "TXT"): (60, ['"whatever you ask for"']),
        (f"www.{zone}", "CNAME"): (120, [f"{zone}."]),
        (f"_sip._tcp.{zone}", "SRV"): (600, [f"5 0 5060 sip.{zone}."]),
        (f"harbour.{zone}", "NS"): (900, ["ns.nic.example."]),
    }


def ours(zone: str) -> list[MailRecord]:
    """Records that mail needs, with a long key and types that not every provider supports."""
    host = {
        "mail_hostname": f"mx1.{zone}",
        "mail_addresses": ["198.51.100.11", "2001:db8:51::11"],
        "mail_domains": [zone],
    }
    key = Published("mx1-rsa", f"v=DKIM1; k=rsa; p={KEY}", "current")
    facts = {"mx1": HostFacts(dkim=(key,))}
    records = records_for(fleet_from({"mx1": host}, {}), {"mx1"}, facts)
    return [
        *(record for record in records if record.name.endswith(zone)),  # pointers are elsewhere
        MailRecord(f"_25._tcp.mx1.{zone}", "TLSA", (f"3 1 1 {DIGEST}",), 3600, "DANE"),
        MailRecord(f"mx1.{zone}", "CAA", (AUTHORITY,), 3600, "who may issue certificates"),
    ]


def planned(server: Server) -> ZonePlan:
    return plan(provider(server), server.zone, ours(server.zone))


def provider(server: Server) -> Provider:
    return load(server.configuration)


def foreign(server: Server) -> RecordSets:
    """The records of others; of the shared record set, their values alone."""
    held = {key: value for key, value in server.held().items() if key in strangers(server.zone)}
    ttl, values = held[server.zone, "TXT"]
    return held | {(server.zone, "TXT"): (ttl, [v for v in values if v not in (SPF, MERGED)])}


def test_our_records_are_added_and_others_stay_byte_for_byte(
    server: Server, request: pytest.FixtureRequest
) -> None:
    types = HELD[request.node.callspec.params["server"]]
    before, others = server.held(), foreign(server)
    first = planned(server)
    assert server.held() == before

    assert apply(first) == len(first.changes)
    held = server.held()
    assert foreign(server) == others
    assert before[server.zone, "NS"] == held[server.zone, "NS"]
    assert MERGED in held[server.zone, "TXT"][1]
    assert {record.type for record in ours(server.zone)} - {kind for _, kind in held} == (
        {"CAA", "TLSA"} - types
    )
    assert held[f"mx1.{server.zone}", "CAA"] == (3600, [AUTHORITY])
    (key,) = held[f"mx1-rsa._domainkey.{server.zone}", "TXT"][1]
    assert key.replace('" "', "") == f'"v=DKIM1; k=rsa; p={KEY}"'
    assert all(len(part) <= 255 for part in key.strip('"').split('" "'))

    second = planned(server)
    assert second.changes == ()
    assert apply(second) == 0
    assert server.held() == held


def test_an_edit_between_our_plan_and_our_write_stops_the_write_and_survives(
    server: Server,
) -> None:
    first = planned(server)
    server.put(server.zone, "TXT", 300, [SPF, '"third-party=1"'])
    before = server.held()

    with pytest.raises(MailError, match="somebody else changed TXT"):
        apply(first)
    assert server.held() == before


def test_odd_texts_of_others_stay_or_the_record_set_is_not_written(
    server: Server, request: pytest.FixtureRequest
) -> None:
    server.put(server.zone, "TXT", 300, [SPF, *ODD])
    before = server.held()
    if request.node.callspec.params["server"] == "powerdns":
        apply(planned(server))
        after = {**server.held(), (server.zone, "TXT"): before[server.zone, "TXT"]}
        assert sorted(server.held()[server.zone, "TXT"][1]) == sorted([MERGED, *ODD])
        assert {key: after[key] for key in before} == before
    else:
        with pytest.raises(MailError, match=f"TXT {server.zone} also holds .* may alter when"):
            planned(server)
        assert server.held() == before


def test_a_zone_is_unchanged_after_its_mail_has_left(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = provider(server)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    run_scenario(loaded, server.zone, server.held)


@pytest.mark.parametrize("server", [pytest.param("knot", marks=pytest.mark.lab)], indirect=True)
def test_a_cname_that_the_server_loses_is_restored(server: Server) -> None:
    before = server.held()
    alias = MailRecord(f"www.{server.zone}", "CNAME", (f"{server.zone}.",), 3600, "an alias")

    planned = plan(provider(server), server.zone, [alias])

    with pytest.raises(MailError, match=r"without an error but does not have it.* are as be"):
        apply(with_another_ttl(planned, "www"))
    assert server.held() == before


def with_another_ttl(planned: ZonePlan, name: str) -> ZonePlan:
    """Return a plan that changes the TTL of a record set, as no plan of records does."""
    (existing,) = (one for one in planned.existing.records if one.name == name)
    data = {**existing.data, "type": existing._type, "ttl": existing.ttl + 60}  # noqa: SLF001 - octoDNS has no other name for it
    desired = planned.existing.copy()
    desired.add_record(Record.new(desired, name, data, lenient=True), replace=True, lenient=True)
    values = (str(existing.value),)
    change = RecordChange(
        existing.fqdn.rstrip("."),
        existing._type,  # noqa: SLF001 - the same
        RecordSet(existing.ttl, values),
        RecordSet(existing.ttl + 60, values),
        "another TTL",
    )
    return replace(planned, desired=desired, changes=(change,))


def on_knot(lab: Raised, **changes: Any) -> dict[str, Any]:
    """A host's data whose domain is in the zone of the second name server."""
    return {
        "mail_hostname": f"mx1.{UPDATED}",
        "mail_addresses": [lab.address("mx1")],
        "mail_domains": [UPDATED],
        "mail_resolvers": resolvers(lab.name),
        "mail_dns": {**dns_by_update(lab.name), **changes},
    }


def test_records_published_by_update_are_waited_for_and_validate(
    lab: Raised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knot = OnKnot(lab)
    knot.start()
    fleet, loaded = fleet_from({"mx1": on_knot(lab)}, {}), load(knot.configuration)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    publication = Publication(fleet, Backups())
    publication.plan(loaded, records_for(fleet, {"mx1"}))
    publication.publish()
    question = dns.message.make_query(f"{UPDATED}.", "MX", want_dnssec=True)
    answer = dns.query.udp(question, lab.address("resolver"), timeout=10)
    knot.stop()

    assert publication.failures == {}
    assert publication.written == {UPDATED}
    assert answer.flags & dns.flags.AD
    assert "10 mx1.atoll.example." in answer.to_text()


@pytest.mark.parametrize("changes", [{"key_name": "mail."}, {"key_secret": env("TEST_TSIG")}])
def test_a_key_that_may_not_change_the_zone_is_one_sentence(
    lab: Raised, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_TSIG", "b3Blbi1zZXNhbWU=")
    fleet = fleet_from({"mx1": on_knot(lab, **changes)}, {})
    publication = Publication(fleet, Backups())
    publication.plan(load(fleet.hosts[0].dns or {}), records_for(fleet, {"mx1"}))

    (sentence,) = publication.failures
    assert sentence.endswith("refuses our credentials; correct the key or token in mail_dns")
    assert sentence.startswith(f"atoll.example: rfc2136 at {lab.lab.network4[4]} ")
