"""
The scenario of a zone with the real class of each provider, behind a stand-in of its API.

The zone also holds what the provider has of its own: types that its class skips, proxies, comments.
What is not ours is the same at the end, as the API holds it. Three further classes are in
`tests/lab/test_providers.py`, on real servers.
"""

from typing import Any

import pytest

from deploys.zones.providers.loader import load
from tests.zones.configurations import KEYS, configured, given, reached
from tests.zones.fleets import HARBOR
from tests.zones.memory import RecordSets
from tests.zones.row_apis import CloudflareApi, DigitalOceanApi, DnsimpleApi, RowApi
from tests.zones.scenario import everything, fleet_of, planned, run_scenario
from tests.zones.set_apis import AzureApi, GandiApi, GoogleApi, HetznerApi, Ns1Api, SetApi
from tests.zones.stand_ins import OvhApi

pytestmark = pytest.mark.filterwarnings("ignore:.*parse_rdata_text:DeprecationWarning")  # theirs

IN_LAB = {"powerdns", "rfc2136", "route53"}
SPF = "v=spf1 include:_spf.faraway.example ~all"
SIP, APP, MX = "sip.faraway.example", "app.hosting.example", "mx.faraway.example"
ROWS: dict[str, tuple[type[RowApi], list[dict[str, Any]]]] = {
    "digitalocean": (
        DigitalOceanApi,
        [
            {"name": "@", "type": "SOA", "data": "1800", "ttl": 1800},
            {"name": "@", "type": "NS", "data": "ns1.digitalocean.com", "ttl": 1800},
            {"name": "@", "type": "MX", "data": MX, "priority": 5, "ttl": 300},
            {"name": "@", "type": "TXT", "data": SPF, "ttl": 300},
            {"name": "@", "type": "TXT", "data": "site=1", "ttl": 300},
            {"name": "www", "type": "CNAME", "data": "@", "ttl": 300},
            {
                "name": "a",
                "type": "CAA",
                "data": "a.example",
                "flags": 0,
                "tag": "issue",
                "ttl": 60,
            },
            {"name": "_sip._tcp", "type": "SRV", "data": SIP}
            | {"priority": 1, "weight": 2, "port": 5060, "ttl": 300},
        ],
    ),
    "dnsimple": (
        DnsimpleApi,
        [
            {"name": "", "type": "SOA", "content": "ns1.dnsimple.com admin", "ttl": 1800},
            {"name": "", "type": "NS", "content": "ns1.dnsimple.com", "ttl": 1800},
            {"name": "", "type": "MX", "content": MX, "priority": 5, "ttl": 300},
            {"name": "", "type": "TXT", "content": SPF, "ttl": 300},
            {"name": "", "type": "ALIAS", "content": APP, "ttl": 300},
            {"name": "www", "type": "CAA", "content": '0 issue "a.example; policy=ev"', "ttl": 300},
            {"name": "go", "type": "URL", "content": "https://a.example", "ttl": 300},
            {"name": "pool", "type": "POOL", "content": "a.example", "ttl": 300},
            {"name": "_sip._tcp", "type": "SRV", "content": f"2 5060 {SIP}"}
            | {"priority": 1, "ttl": 300},
        ],
    ),
    "cloudflare": (
        CloudflareApi,
        [
            {"name": HARBOR, "type": "NS", "content": "ns.cloudflare.example", "ttl": 1},
            {"name": HARBOR, "type": "CNAME", "content": APP, "ttl": 1, "proxied": True},
            {"name": HARBOR, "type": "MX", "content": MX, "priority": 5, "ttl": 300},
            {"name": HARBOR, "type": "TXT", "content": f'"{SPF}"', "ttl": 1, "comment": "theirs"},
            {"name": f"www.{HARBOR}", "type": "A", "content": "192.0.2.1", "ttl": 1}
            | {"proxied": True, "tags": ["web:1"]},
            {"name": HARBOR, "type": "HTTPS", "content": '1 . alpn="h3"', "ttl": 300}
            | {"data": {"priority": 1, "target": ".", "value": 'alpn="h3"'}},
            {"name": HARBOR, "type": "CERT", "content": "1 2 3 aaaa", "ttl": 300},
            {"name": f"_sip._tcp.{HARBOR}", "type": "SRV", "content": f"2 5060 {SIP}", "ttl": 300}
            | {"data": {"priority": 1, "weight": 2, "port": 5060, "target": SIP}},
        ],
    ),
}
OVH = [
    {"fieldType": kind, "subDomain": name, "ttl": 600, "target": target}
    for name, kind, target in (
        ("", "NS", "dns10.isp.example."),
        ("", "MX", f"1 {MX}."),
        ("", "TXT", '"1|www.example.org"'),
        ("", "TXT", f'"{SPF}"'),
        ("isp._domainkey", "DKIM", '"v=DKIM1;k=rsa;p=TmV3"'),
        ("other", "SPF", '"v=spf1 -all"'),
        ("", "LOC", "31 58 52.1 S 115 49 11.7 E 20m 10m 10m 2m"),
        ("_443._tcp", "TLSA", "3 1 1 abcd"),
        ("d", "DNAME", "faraway.example."),
        ("www", "CNAME", "web"),
        ("_sip._tcp", "SRV", "1 2 5060 sip"),
    )
]

SETS: RecordSets = {
    (HARBOR, "NS"): (300, ("ns.nic.example.",)),
    (HARBOR, "MX"): (300, (f"5 {MX}.",)),
    (HARBOR, "TXT"): (300, ('"site=1"', f'"{SPF}"')),
    (f"www.{HARBOR}", "A"): (300, ("192.0.2.1",)),
    (f"www.{HARBOR}", "CAA"): (300, ('0 issue "ca.example; policy=ev"',)),
    (f"_sip._tcp.{HARBOR}", "SRV"): (300, (f"1 2 5060 {SIP}.",)),
}
ALIAS: RecordSets = {(HARBOR, "ALIAS"): (300, (f"{APP}.",))}
HTTPS: RecordSets = {(HARBOR, "HTTPS"): (300, ('1 . alpn="h3"',))}
SOA: RecordSets = {(HARBOR, "SOA"): (300, ("ns.nic.example. admin.nic.example. 1 2 3 4 5",))}
LOC: RecordSets = {(HARBOR, "LOC"): (300, ("31 58 52.1 S 115 49 11.7 E 20m 10m 10m 2m",))}
DNAME: RecordSets = {(f"d.{HARBOR}", "DNAME"): (300, ("faraway.example.",))}
OF_SETS: dict[str, tuple[type[SetApi], RecordSets]] = {
    "azure": (AzureApi, SETS | SOA),
    "gandi": (GandiApi, SETS | ALIAS | DNAME | LOC),
    "googlecloud": (GoogleApi, SETS | ALIAS | HTTPS | SOA),
    "hetzner": (HetznerApi, SETS | HTTPS | SOA),
    "ns1": (Ns1Api, SETS | ALIAS | LOC),
}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)


def test_every_short_name_has_its_scenario() -> None:
    # deSEC's is in test_ttls.py.
    assert ROWS.keys() | OF_SETS.keys() | {"ovh", "desec"} | IN_LAB == KEYS.keys()


@pytest.mark.parametrize("name", ROWS)
def test_a_zone_of_rows_is_published_restored_and_left(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, rows = ROWS[name]
    api = made(rows)
    reached(monkeypatch, api)

    run_scenario(load(configured(name)), HARBOR, api.held, **everything(HARBOR))


@pytest.mark.parametrize("name", OF_SETS)
def test_a_zone_of_record_sets_is_published_restored_and_left(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, sets = OF_SETS[name]
    api = made(dict(sets))
    reached(monkeypatch, api)

    run_scenario(load(configured(name)), HARBOR, api.held, **everything(HARBOR))


def test_a_zone_of_ovh_is_published_restored_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    api = OvhApi(OVH)
    reached(monkeypatch, api)

    run_scenario(load(configured("ovh")), HARBOR, api.held_rows, **everything(HARBOR))


def test_a_value_that_a_class_does_not_support_is_left_out_and_named_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Octodns-dnsimple refuses the whole plan if a service is declared as not offered."""
    made, rows = ROWS["dnsimple"]
    reached(monkeypatch, made(rows))
    result = planned(
        load(configured("dnsimple")), HARBOR, fleet_of(HARBOR, 1, **everything(HARBOR))
    )

    kinds = {change.name.partition(".")[0] for change in result.changes if change.type == "SRV"}
    assert kinds == {"_submission", "_submissions"}
    assert "dnsimple does not support SRV 0 0 0 ., so it is left out" in result.notes
    assert "SRV" not in {one.type for one in result.expected if "0 0 0 ." in one.present}
