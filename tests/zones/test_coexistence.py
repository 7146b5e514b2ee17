"""Record sets of others that answer in the place of ours, as providers have them."""

from typing import Any

import pytest
from octodns.record import Record

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones.apply import apply
from deploys.zones.merge.coexistence import obstacle
from deploys.zones.model import recordsets
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.providers.catalogue import PROVIDERS
from deploys.zones.providers.loader import class_of, load
from deploys.zones.providers.provider import Provider
from tests.zones.configurations import configured, given, reached
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider
from tests.zones.row_apis import CloudflareApi
from tests.zones.scenario import fleet_of, planned
from tests.zones.stand_ins import PowerDnsApi

HOST = f"mx1.{HARBOR}"
ADDRESS = "198.51.100.11"
CDN = {"type": "A", "name": "d1.cloudfront.net.", "hosted-zone-id": "Z2FDTNDATAQYW2"}
LUA = {"type": "A", "script": "ifportup(443, {'192.0.2.1'})"}
POOLS = {
    "pools": {"one": {"values": [{"value": "192.0.2.1"}]}},
    "rules": [{"pool": "one"}],
}
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "ALIAS", "value": "app.hosting.example."}, "A", "ALIAS app.hosting.example."),
    ({"type": "ALIAS", "value": "app.hosting.example."}, "AAAA", "ALIAS app.hosting.example."),
    (
        {
            "type": "URLFWD",
            "value": {
                "path": "/",
                "target": "https://a.example/",
                "code": 301,
                "masking": 2,
                "query": 0,
            },
        },
        "A",
        "the URLFWD",
    ),
    ({"type": "Route53Provider/ALIAS", "values": [CDN]}, "A", "d1.cloudfront.net."),
    ({"type": "Route53Provider/ALIAS", "values": [CDN | {"type": "AAAA"}]}, "A", "cloudfront"),
    ({"type": "Route53Provider/ALIAS", "values": [CDN | {"type": "TXT"}]}, "TXT", "in its place"),
    ({"type": "PowerDnsProvider/LUA", "values": [LUA]}, "AAAA", "ifportup"),
    ({"type": "PowerDnsProvider/LUA", "values": [LUA | {"type": "CNAME"}]}, "A", "ifportup"),
    ({"type": "PowerDnsProvider/LUA", "values": [LUA | {"type": "MX"}]}, "MX", "in its place"),
    ({"type": "A", "value": ADDRESS, "dynamic": POOLS}, "A", "is dynamic"),
    ({"type": "A", "value": ADDRESS, "geo": {"NA": [ADDRESS]}}, "A", "is geo"),
    ({"type": "A", "value": ADDRESS, "octodns": {"cloudflare": {"proxied": True}}}, "A", "proxied"),
    ({"type": "AAAA", "value": "::1", "octodns": {"cloudflare": {"proxied": True}}}, "A", "AAAA"),
]
ALLOWED: list[tuple[dict[str, Any], str]] = [
    ({"type": "ALIAS", "value": "app.hosting.example."}, "MX"),
    ({"type": "ALIAS", "value": "app.hosting.example."}, "TXT"),
    ({"type": "Route53Provider/ALIAS", "values": [CDN]}, "MX"),
    ({"type": "Route53Provider/ALIAS", "values": [CDN | {"type": "TXT"}]}, "A"),
    ({"type": "PowerDnsProvider/LUA", "values": [LUA]}, "TXT"),
    ({"type": "A", "value": ADDRESS, "octodns": {"cloudflare": {"auto-ttl": True}}}, "A"),
    ({"type": "A", "value": ADDRESS, "octodns": {"cloudflare": {"proxied": True}}}, "TXT"),
]


@pytest.fixture(autouse=True)
def _types(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    for name in ("powerdns", "route53"):
        class_of(PROVIDERS[name].path)  # importing it registers its types


def found(data: dict[str, Any], record_type: str) -> str | None:
    zone = planned(memory(), HARBOR, fleet_of(HARBOR, 2)).existing
    record = Record.new(zone, "mx1", {"ttl": 60, **data}, lenient=True)
    return obstacle({recordsets.key(record): record}, HARBOR, "mx1", record_type)


def memory() -> Provider:
    served(harbor=harbor())
    return Provider("memory", MemoryProvider("test", "memory"))


@pytest.mark.filterwarnings("ignore:.geo. records:DeprecationWarning")
@pytest.mark.parametrize(("data", "record_type", "words"), REFUSED)
def test_a_set_that_answers_in_the_place_of_ours_is_an_obstacle(
    data: dict[str, Any], record_type: str, words: str
) -> None:
    sentence = found(data, record_type)

    assert sentence
    assert words in sentence
    assert "remove it" in sentence or "set another mail_hostname" in sentence


@pytest.mark.parametrize(("data", "record_type"), ALLOWED)
def test_a_set_that_answers_for_another_type_is_none(
    data: dict[str, Any], record_type: str
) -> None:
    assert found(data, record_type) is None


@pytest.mark.parametrize("above", ["sub", ""])
def test_below_a_dname_no_record_can_be(above: str) -> None:
    zone = planned(memory(), HARBOR, fleet_of(HARBOR, 2)).existing
    data = {"type": "DNAME", "ttl": 60, "value": "faraway.example."}
    record = Record.new(zone, above, data, lenient=True)
    sets = {recordsets.key(record): record}

    sentence = obstacle(sets, HARBOR, "mx1.sub", "A")
    assert sentence
    assert sentence.startswith(f"{above}.{HARBOR}".lstrip(".") + " is a DNAME, below which no")
    assert obstacle(sets, HARBOR, above, "A") is None


def addresses(values: tuple[str, ...] = (ADDRESS,)) -> list[MailRecord]:
    return [MailRecord(HOST, "A", values, 3600, "its address")]


def refused(provider: Provider, records: list[MailRecord] | None = None) -> str:
    with pytest.raises(MailError) as error:
        plan(provider, HARBOR, records or addresses())
    return str(error.value)


@pytest.mark.parametrize("name", [HOST, HARBOR])
def test_an_alias_at_a_host_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = harbor() | {(name, "ALIAS"): (60, ("app.hosting.example.",))}
    reached(monkeypatch, PowerDnsApi(held))

    sentence = refused(
        load(configured("powerdns")), [MailRecord(name, "A", (ADDRESS,), 3600, "its address")]
    )
    assert sentence == (
        f"{name} needs a record of type A, but the name has the ALIAS app.hosting.example., so "
        "name servers answer with addresses that are not the host's, and its mail does not arrive; "
        "remove it from the zone, or set another mail_hostname"
    )


def test_an_alias_at_a_domain_with_mail_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    held = harbor() | {(HARBOR, "ALIAS"): (60, ("app.hosting.example.",))}
    reached(monkeypatch, PowerDnsApi(held))
    apply(planned(load(configured("powerdns")), HARBOR, fleet_of(HARBOR, 1)))

    assert held[HARBOR, "ALIAS"] == (60, ("app.hosting.example.",))
    assert held[HARBOR, "MX"] == (3600, ("10 mx1.harbor.example.",))


def at_cloudflare(monkeypatch: pytest.MonkeyPatch, *, proxied: bool) -> ZonePlan:
    row = {"name": HOST, "proxied": proxied, "ttl": 1 if proxied else 300}
    rows = [
        {"name": HARBOR, "type": "NS", "content": "ns.nic.example", "ttl": 300},
        {**row, "type": "A", "content": ADDRESS},
        {**row, "type": "AAAA", "content": "2001:db8:51::11"},
    ]
    reached(monkeypatch, CloudflareApi(rows))
    return planned(load(configured("cloudflare")), HARBOR, fleet_of(HARBOR, 1))


def test_a_host_behind_cloudflares_proxy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MailError) as error:
        at_cloudflare(monkeypatch, proxied=True)

    assert str(error.value) == (
        f"{HOST} needs a record of type A, but A {HOST} is proxied, so name servers answer "
        "with addresses of the proxy, which passes no mail; switch the proxy off for this record "
        "(DNS only), or set another mail_hostname"
    )


def test_a_host_beside_cloudflares_proxy_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    result = at_cloudflare(monkeypatch, proxied=False)

    assert HOST not in {change.name for change in result.changes if change.type in ("A", "AAAA")}
    assert (HARBOR, "MX") in {(change.name, change.type) for change in result.changes}


@pytest.mark.parametrize(
    ("own", "other", "foreign"),
    [("198.51.100.11", "AAAA", "2001:db8:80::80"), ("2001:db8:51::11", "A", "192.0.2.1")],
)
def test_an_address_of_the_family_that_a_host_lacks_is_refused(
    own: str, other: str, foreign: str
) -> None:
    served(harbor=harbor() | {(HOST, other): (60, (foreign,))})
    provider = Provider("memory", MemoryProvider("test", "memory"))

    with pytest.raises(MailError) as error:
        planned(provider, HARBOR, fleet_of(HARBOR, 1, mail_addresses=[own]))
    assert str(error.value).startswith(
        f"{HOST} has the {other} {foreign}, which is not in the host's mail_addresses; add it"
    )


def test_an_address_that_a_host_had_before_is_removed() -> None:
    provider = memory()
    store = provider.octodns.zones[HARBOR]
    apply(planned(provider, HARBOR, fleet_of(HARBOR, 1)))
    assert (HOST, "AAAA") in store

    apply(planned(provider, HARBOR, fleet_of(HARBOR, 1, mail_addresses=[ADDRESS])))
    assert (HOST, "AAAA") not in store
    assert store[HOST, "A"] == (3600, (ADDRESS,))
