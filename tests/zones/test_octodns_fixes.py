"""Adjustments to octoDNS's providers."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.plan import plan
from deploys.zones.providers.http import TIMEOUT
from deploys.zones.providers.loader import load
from tests.zones.configurations import api, configured, given
from tests.zones.fleets import DNS, harbor, served

ZONE = "harbor.example"
NS = "ns.nic.example."


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)


def cloudflare(url: str, address: str) -> Any:
    one = {"count": 1, "per_page": 50}
    if "/dns_records" in url:
        records = [
            {"id": "n", "name": ZONE, "type": "NS", "ttl": 300, "content": NS.rstrip(".")},
            {"id": "r", "name": f"www.{ZONE}", "type": "A", "ttl": 300, "content": address},
        ]
        return {"result": records, "result_info": one}
    return {"result": [{"id": "z", "name": ZONE}], "result_info": one}


def digitalocean(_: str, address: str) -> Any:
    records = [
        {"name": "@", "type": "NS", "ttl": 300, "data": NS.rstrip(".")},
        {"name": "www", "type": "A", "ttl": 300, "data": address},
    ]
    return {"domain_records": records, "links": {}}


def dnsimple(_: str, address: str) -> Any:
    records = [
        {"name": "", "type": "NS", "ttl": 300, "content": NS.rstrip(".")},
        {"name": "www", "type": "A", "ttl": 300, "content": address},
    ]
    return {"data": records, "pagination": {"total_pages": 1}}


def gandi(_: str, address: str) -> Any:
    return [
        {"rrset_name": name, "rrset_type": kind, "rrset_ttl": 300, "rrset_values": [value]}
        for name, kind, value in (("@", "NS", NS), ("www", "A", address))
    ]


def hetzner(url: str, address: str) -> Any:
    if "/rrsets" in url:
        return {"rrsets": [hetzner_set("@", "NS", NS), hetzner_set("www", "A", address)]}
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
    apex = {"domain": ZONE, "type": "NS", "ttl": 300, "short_answers": [NS]}
    return {"records": [record, apex], "zone": ZONE} if url.endswith(ZONE) else {}


def googlecloud(url: str, kind: str, text: str) -> Any:
    if "oauth2" in url:
        return {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
    if "/rrsets" in url:
        apex = {"name": f"{ZONE}.", "ttl": 300}
        return {
            "rrsets": [
                apex | {"type": "NS", "rrdatas": [NS]},
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
