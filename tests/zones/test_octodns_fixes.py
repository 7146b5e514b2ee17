"""Adjustments to octoDNS's providers."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.apply import apply
from deploys.zones.model.recordsets import record_set
from deploys.zones.plan import plan
from deploys.zones.providers.http import TIMEOUT
from deploys.zones.providers.loader import load
from deploys.zones.providers.provider import Provider
from tests.zones.configurations import api, configured, given, reached
from tests.zones.fleets import DNS, harbor, served
from tests.zones.stand_ins import OvhApi, PowerDnsApi

ZONE = "harbor.example"
NAME_SERVER = "ns.nic.example."


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)


def cloudflare(url: str, address: str) -> Any:
    one = {"count": 1, "per_page": 50}
    if "/dns_records" in url:
        records = [
            {"id": "n", "name": ZONE, "type": "NS", "ttl": 300, "content": NAME_SERVER.rstrip(".")},
            {"id": "r", "name": f"www.{ZONE}", "type": "A", "ttl": 300, "content": address},
        ]
        return {"result": records, "result_info": one}
    return {"result": [{"id": "z", "name": ZONE}], "result_info": one}


def digitalocean(_: str, address: str) -> Any:
    records = [
        {"name": "@", "type": "NS", "ttl": 300, "data": NAME_SERVER.rstrip(".")},
        {"name": "www", "type": "A", "ttl": 300, "data": address},
    ]
    return {"domain_records": records, "links": {}}


def dnsimple(_: str, address: str) -> Any:
    records = [
        {"name": "", "type": "NS", "ttl": 300, "content": NAME_SERVER.rstrip(".")},
        {"name": "www", "type": "A", "ttl": 300, "content": address},
    ]
    return {"data": records, "pagination": {"total_pages": 1}}


def gandi(_: str, address: str) -> Any:
    return [
        {"rrset_name": name, "rrset_type": kind, "rrset_ttl": 300, "rrset_values": [value]}
        for name, kind, value in (("@", "NS", NAME_SERVER), ("www", "A", address))
    ]


def hetzner(url: str, address: str) -> Any:
    if "/rrsets" in url:
        return {"rrsets": [hetzner_set("@", "NS", NAME_SERVER), hetzner_set("www", "A", address)]}
    zone = {"id": 1, "name": ZONE, "ttl": 300, "mode": "primary"}
    return {"zones": [zone], "zone": zone}


def hetzner_set(name: str, kind: str, value: str) -> dict[str, Any]:
    return {
        "id": f"{name}/{kind}",
        "name": name,
        "type": kind,
        "ttl": 300,
        "records": [{"value": value, "comment": ""}],
        "zone": 1,
    }


def ns1(url: str, address: str) -> Any:
    record = {"domain": f"www.{ZONE}", "type": "A", "ttl": 300, "short_answers": [address]}
    apex = {"domain": ZONE, "type": "NS", "ttl": 300, "short_answers": [NAME_SERVER]}
    return {"records": [record, apex], "zone": ZONE} if url.endswith(ZONE) else {}


def googlecloud(url: str, kind: str, text: str) -> Any:
    if "oauth2" in url:
        return {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
    if "/rrsets" in url:
        apex = {"name": f"{ZONE}.", "ttl": 300}
        return {
            "rrsets": [
                apex | {"type": "NS", "rrdatas": [NAME_SERVER]},
                apex | {"type": kind, "rrdatas": [text]},
            ]
        }
    zone = {"id": "1", "name": "z", "dnsName": f"{ZONE}.", "nameServers": []}
    return {"managedZones": [zone | {"creationTime": "2026-01-01T00:00:00.000Z"}]}


ANSWERS = {
    "cloudflare": cloudflare,
    "digitalocean": digitalocean,
    "dnsimple": dnsimple,
    "gandi": gandi,
    "hetzner": hetzner,
    "ns1": ns1,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_second_reading_shows_a_change_in_between(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = ["198.51.100.80"]
    api(monkeypatch, lambda url: (200, ANSWERS[name](url, now[0])))
    provider = load(configured(name))

    for address in ("198.51.100.80", "198.51.100.81"):
        now[0] = address
        found = {record.fqdn: record for record in provider.read(ZONE).records}
        assert found[f"www.{ZONE}."].values == [address]


def test_an_error_returned_as_an_empty_zone_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Octodns-hetzner returns one at a rate limit."""

    def answer(url: str) -> tuple[int, Any]:
        if "/rrsets" in url:
            return 500, {"error": {"code": "server_error", "message": "no"}}
        return 200, hetzner(url, "")

    api(monkeypatch, answer)

    with pytest.raises(MailError, match=r"^harbor\.example: hetzner returned the zone without its"):
        load(configured("hetzner")).read(ZONE)


@pytest.mark.parametrize("name", ["cloudflare", "dnsimple", "gandi"])
def test_ns_records_of_the_zone_do_not_stop_a_plan(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These three return them, and refuse to plan for a zone that has them."""
    api(monkeypatch, lambda url: (200, ANSWERS[name](url, "198.51.100.80")))
    mx = MailRecord(ZONE, "MX", ("10 mx1.harbor.example.",), 3600, "who receives mail")
    planned = plan(load(configured(name)), ZONE, [mx])

    fresh = planned.provider.plan(planned.desired)
    assert [change.record.fqdn for change in (fresh.changes if fresh else [])] == [f"{ZONE}."]


def test_half_a_zone_is_not_accepted() -> None:
    zone = harbor()
    del zone[ZONE, "NS"]
    served(harbor=zone)

    with pytest.raises(
        MailError, match="without its NS records, so the zone is incomplete; run ag"
    ):
        load(DNS).read(ZONE)


@pytest.mark.parametrize("name", ["digitalocean", "dnsimple", "gandi", "hetzner", "ns1"])
def test_every_request_has_a_timeout(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = set()

    def send(*_: Any, timeout: Any, **__: Any) -> None:
        waited.add(timeout)
        raise requests.ConnectTimeout

    monkeypatch.setattr(HTTPAdapter, "send", send)
    monkeypatch.setattr("time.sleep", lambda _: None)  # between tries of the provider's own
    with pytest.raises(MailError, match="does not answer in time"):
        load(configured(name)).zone_names(ZONE)

    assert waited == {TIMEOUT}


@pytest.mark.parametrize("name", ["cloudflare", "powerdns"])
def test_a_timeout_of_the_operator_is_kept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = set()

    def send(*_: Any, timeout: Any, **__: Any) -> None:
        waited.add(timeout)
        raise requests.ConnectTimeout

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with pytest.raises(MailError, match="does not answer in time"):
        load(configured(name, timeout=7)).zone_names(ZONE)

    assert waited == {7}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("SPF", '"v=spf1 -all"'),  # an obsolete type
        ("TXT", '"bücher"'),
        ("MX", "70000 mx_1.faraway.example."),
        ("SRV", "1 1 70000 sip_1.faraway.example."),
    ],
)
def test_records_of_others_that_octodns_finds_invalid_do_not_stop_a_plan(
    kind: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Octodns-googlecloud validates them whatever it is asked for."""
    api(monkeypatch, lambda url: (200, googlecloud(url, kind, text)))
    address = MailRecord(f"mx1.{ZONE}", "A", ("198.51.100.11",), 3600, "its address")
    planned = plan(load(configured("googlecloud")), ZONE, [address])

    fresh = planned.provider.plan(planned.desired)
    assert [change.record.fqdn for change in (fresh.changes if fresh else [])] == [f"mx1.{ZONE}."]


NS = {"fieldType": "NS", "subDomain": "", "ttl": 0, "target": "ns.nic.example."}


@pytest.mark.parametrize(
    ("read", "ovh", "others"),
    [
        ("10 mx1.harbor.example.", "10 mx1.harbor.example.", "10 mx1.harbor.example."),
        ("10 mx1", "10 mx1.harbor.example.", "10 mx1.harbor.example."),
        # OVH's names without a final dot are relative, Route 53's are not.
        ("10 mx1.b.example", "10 mx1.b.example.harbor.example.", "10 mx1.b.example."),
        ("10 mx1.b.example..", "10 mx1.b.example.", "10 mx1.b.example."),
        ("0 .", "0 .", "0 ."),
        ("0 ..", "0 .", "0 ."),
    ],
)
def test_a_host_name_without_its_final_dot_gets_it(
    read: str, ovh: str, others: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"fieldType": "MX", "subDomain": "", "ttl": 0, "target": read}
    reached(monkeypatch, OvhApi([NS, record]))
    served(harbor={(ZONE, "NS"): (60, ("ns.nic.example.",)), (ZONE, "MX"): (60, (read,))})

    assert mx_values(load(configured("ovh"))) == (ovh,)
    assert mx_values(load(DNS)) == (others,)


def mx_values(provider: Provider) -> tuple[str, ...]:
    (record,) = (one for one in provider.read(ZONE).records if one._type == "MX")  # noqa: SLF001 - octoDNS has no other name for it
    return record_set(record).values


@pytest.mark.parametrize("name", ["mx1", "mx1.harbor.example."])
def test_a_target_with_and_without_a_final_dot_is_the_same_host(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = "_submissions._tcp"
    records = [
        {"fieldType": "MX", "subDomain": "", "ttl": 0, "target": f"10 {name}"},
        {"fieldType": "SRV", "subDomain": service, "ttl": 0, "target": f"0 1 465 {name}"},
    ]
    reached(monkeypatch, OvhApi([NS, *records]))
    mx = MailRecord(ZONE, "MX", ("10 mx1.harbor.example.",), 3600, "who receives mail")
    srv = MailRecord(f"{service}.{ZONE}", "SRV", ("0 1 465 mx1.harbor.example.",), 3600, "users")
    result = plan(load(configured("ovh")), ZONE, [mx, srv])

    assert result.changes == ()
    assert {answer.present for answer in result.expected} == {mx.values, srv.values}


@pytest.mark.parametrize("off", [('"site-verification=1f3a"',), ()])
def test_a_record_that_is_disabled_at_powerdns_is_not_enabled_by_a_write(
    off: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = harbor()
    api = PowerDnsApi(held)
    api.disabled = off
    reached(monkeypatch, api)
    spf = MailRecord(ZONE, "TXT", ("v=spf1 mx ~all",), 3600, "SPF")
    mx = MailRecord(ZONE, "MX", ("10 mx1.harbor.example.",), 3600, "who receives mail")

    assert apply(plan(load(configured("powerdns")), ZONE, [mx])) == 1
    if off:
        with pytest.raises(MailError) as error:
            plan(load(configured("powerdns")), ZONE, [spf])
        assert str(error.value) == (
            'TXT harbor.example also holds "site-verification=1f3a", which is disabled at powerdns '
            "at 203.0.113.2, and a write would enable it; remove or enable it there"
        )
    else:
        assert apply(plan(load(configured("powerdns")), ZONE, [spf])) == 1
