"""A zone that is delegated to others than its provider's name servers."""

import pytest

from deploys.dns.query import Server
from deploys.mail.errors import MailError
from deploys.zones.propagation.delegation import require_delegation
from deploys.zones.providers.loader import load
from deploys.zones.providers.provider import Provider
from tests.zones.configurations import Api, configured, given, reached
from tests.zones.fleets import HARBOR, harbor, served
from tests.zones.memory import MemoryProvider, RecordSets
from tests.zones.row_apis import DnsimpleApi
from tests.zones.scenario import fleet_of, planned
from tests.zones.set_apis import GandiApi

ELSEWHERE = (Server("ns1.faraway.example", "203.0.113.1"), Server("ns2.faraway.example", "::1"))
HERE = Server("NS.nic.example", "203.0.113.2")


def require(zone: RecordSets, *servers: Server) -> None:
    served(harbor=zone)
    source = Provider("memory", MemoryProvider("test", "memory"))
    require_delegation(planned(source, HARBOR, fleet_of(HARBOR, 1)).published, servers)


def test_a_zone_with_other_name_servers_at_its_provider_is_named_with_both() -> None:
    with pytest.raises(MailError) as error:
        require(harbor(), *ELSEWHERE)

    assert str(error.value).startswith(
        "harbor.example: memory has it for the name servers ns.nic.example, but it is delegated to "
        "ns1.faraway.example, ns2.faraway.example, so no resolver finds what is published there"
    )


@pytest.mark.parametrize("servers", [(HERE,), (HERE, *ELSEWHERE), ()])
def test_a_zone_that_is_found_at_one_of_them_is_seen(servers: tuple[Server, ...]) -> None:
    require(harbor(), *servers)


def test_a_provider_that_does_not_tell_its_name_servers_is_believed() -> None:
    zone = harbor()
    del zone[HARBOR, "NS"]

    require(zone, *ELSEWHERE)


@pytest.mark.parametrize(
    ("name", "api", "at"),
    [
        (
            "dnsimple",
            DnsimpleApi([{"name": "", "type": "NS", "content": "ns1.dnsimple.com", "ttl": 60}]),
            "ns1.dnsimple.com",
        ),
        ("gandi", GandiApi({(HARBOR, "NS"): (300, ("ns.gandi.example.",))}), "ns.gandi.example"),
    ],
)
def test_name_servers_are_known_of_classes_that_leave_out_their_records(
    name: str, api: Api, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch)
    reached(monkeypatch, api)
    published = planned(load(configured(name)), HARBOR, fleet_of(HARBOR, 1)).published

    assert published.name_servers == {at}
    with pytest.raises(MailError, match=f"{name} has it for the name servers {at}, but it is del"):
        require_delegation(published, ELSEWHERE)
