"""The records that a fleet needs, as a mail admin would list them."""

from typing import Any

import pytest

from deploys.mail.checking import fleet_from
from deploys.mail.records import HostFacts, records_for
from deploys.mail.rotation import Published
from deploys.mail.settings import Fleet

HARBOR = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11", "2001:db8:25::11"],
    "mail_domains": ["harbor.example"],
}
ORCHARD = {
    "mail_hostname": "mx2.orchard.example",
    "mail_addresses": ["203.0.113.12"],
    "mail_domains": ["orchard.example", "harbor.example"],
    "mail_ttl": 300,
}


KEYS = (
    Published("mx1-rsa", "v=DKIM1; k=rsa; p=MIIB", "current"),
    Published("mx1-ed25519", "v=DKIM1; k=ed25519; p=AAAA", "current"),
)


def fleet(**mx2: Any) -> Fleet:
    return fleet_from({"mx1": HARBOR, "mx2": ORCHARD | mx2}, {})


def listed(fleet: Fleet, *ready: str) -> list[str]:
    return [
        f"{record.name} {record.ttl} {record.type} {', '.join(record.values)}"
        for record in records_for(fleet, ready)
    ]


def test_two_hosts_and_two_domains() -> None:
    assert listed(fleet(), "mx1", "mx2") == [
        "mx1.harbor.example 3600 A 203.0.113.11",
        "mx1.harbor.example 3600 AAAA 2001:db8:25::11",
        "mx2.orchard.example 300 A 203.0.113.12",
        "harbor.example 3600 MX 10 mx1.harbor.example., 10 mx2.orchard.example.",
        "harbor.example 3600 TXT v=spf1 mx ~all",
        "_dmarc.harbor.example 3600 TXT v=DMARC1; p=none",
        "orchard.example 300 MX 10 mx2.orchard.example.",
        "orchard.example 300 TXT v=spf1 mx ~all",
        "_dmarc.orchard.example 300 TXT v=DMARC1; p=none",
    ]


def test_a_host_that_is_not_ready_is_not_announced() -> None:
    assert listed(fleet(), "mx1") == [
        "mx1.harbor.example 3600 A 203.0.113.11",
        "mx1.harbor.example 3600 AAAA 2001:db8:25::11",
        "harbor.example 3600 MX 10 mx1.harbor.example.",
        "harbor.example 3600 TXT v=spf1 mx ~all",
        "_dmarc.harbor.example 3600 TXT v=DMARC1; p=none",
    ]
    assert listed(fleet()) == []


def test_new_policies_are_as_strict_as_the_settings_say() -> None:
    strict = fleet(mail_spf_all="-all", mail_dmarc="reject")

    assert "orchard.example 300 TXT v=spf1 mx -all" in listed(strict, "mx2")
    assert "_dmarc.orchard.example 300 TXT v=DMARC1; p=reject" in listed(strict, "mx2")


@pytest.mark.parametrize("record", records_for(fleet(), {"mx1", "mx2"}))
def test_every_record_has_its_reason(record: Any) -> None:
    assert record.why
    assert "\n" not in record.why


def test_a_hosts_keys_are_published_for_its_domains_and_its_own_name() -> None:
    facts = {"mx1": HostFacts(dkim=KEYS)}

    records = records_for(fleet(), ["mx1", "mx2"], facts)

    assert {record.name: record.values for record in records if "DKIM" in record.why} == {
        "mx1-rsa._domainkey.harbor.example": ("v=DKIM1; k=rsa; p=MIIB",),
        "mx1-rsa._domainkey.mx1.harbor.example": ("v=DKIM1; k=rsa; p=MIIB",),
        "mx1-ed25519._domainkey.harbor.example": ("v=DKIM1; k=ed25519; p=AAAA",),
        "mx1-ed25519._domainkey.mx1.harbor.example": ("v=DKIM1; k=ed25519; p=AAAA",),
    }


def test_where_a_domain_leads_its_keys_elsewhere_there_they_are_and_a_cname_leads_to_them() -> None:
    told = HARBOR | {"mail_dkim_cname": {"harbor.example": "keys.example.net"}}
    records = records_for(fleet_from({"mx1": told}, {}), ["mx1"], {"mx1": HostFacts(dkim=KEYS[:1])})

    assert [(one.name, one.type, *one.values) for one in records if "DKIM" in one.why] == [
        (
            "mx1-rsa._domainkey.harbor.example.keys.example.net",
            "TXT",
            "v=DKIM1; k=rsa; p=MIIB",
        ),
        (
            "mx1-rsa._domainkey.harbor.example",
            "CNAME",
            "mx1-rsa._domainkey.harbor.example.keys.example.net.",
        ),
        ("mx1-rsa._domainkey.mx1.harbor.example", "TXT", "v=DKIM1; k=rsa; p=MIIB"),
    ]
