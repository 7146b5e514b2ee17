"""Web sites in the settings: on which host they are, under which names, and what forbids them."""

from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.records import HostFacts, announcement, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet

HASH = "{SHA512-CRYPT}$6$" + "a" * 8 + "$" + "b" * 86
MX1: dict[str, Any] = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11", "2001:db8:25::11"],
    "mail_domains": ["harbor.example"],
    "mail_tls": "acme",
}
MX2 = MX1 | {
    "mail_hostname": "mx2.harbor.example",
    "mail_addresses": ["203.0.113.12"],
    "mail_domains": ["harbor.example", "orchard.example"],
}
ACCOUNTS: dict[str, Any] = {
    "mail_aliases": {"anna": "root"},
    "mail_accounts": {"anna@harbor.example": {"password": HASH}},
}


def fleet(mx2: dict[str, Any] | None = None, **both: Any) -> Fleet:
    return fleet_from({"mx1": MX1 | both, "mx2": MX2 | both | (mx2 or {})}, {})


def mistakes(**how: Any) -> str:
    with pytest.raises(MailError) as refused:
        fleet(**how)
    return str(refused.value)


def test_a_domain_has_its_site_on_its_first_host_and_its_policy_names_all() -> None:
    first, second = fleet(mail_mta_sts="testing").hosts

    assert [(site.domain, site.mx) for site in first.sites] == [
        ("harbor.example", ("mx1.harbor.example", "mx2.harbor.example"))
    ]
    assert [(site.domain, site.mx) for site in second.sites] == [
        ("orchard.example", ("mx2.harbor.example",))
    ]


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ({}, ()),
        ({"mail_mta_sts": "testing"}, ("mta-sts",)),
        ({"mail_autoconfig": True}, ("autoconfig", "autodiscover")),
        (
            {"mail_mta_sts": "enforce", "mail_autoconfig": True},
            ("mta-sts", "autoconfig", "autodiscover"),
        ),
    ],
)
def test_a_site_has_the_names_that_it_needs(keys: dict[str, Any], names: tuple[str, ...]) -> None:
    (host,) = fleet_from({"mx1": MX1 | ACCOUNTS | keys}, {}).hosts
    records = records_for(fleet_from({"mx1": MX1 | ACCOUNTS | keys}, {}), ["mx1"])

    assert host.site_names == tuple(f"{prefix}.harbor.example" for prefix in names)
    assert [(one.name, one.type) for one in records if "web site" in one.why] == [
        (f"{prefix}.harbor.example", kind) for prefix in names for kind in ("A", "AAAA")
    ]


def test_outlook_finds_each_domains_site_by_an_srv_record() -> None:
    served = fleet(**ACCOUNTS, mail_autoconfig=True, mx2={"mail_ttl": 300})
    policies_only = fleet(**ACCOUNTS, mail_mta_sts="testing")

    records = records_for(served, ["mx1", "mx2"])
    without = records_for(policies_only, ["mx1", "mx2"])

    name = "_autodiscover._tcp"
    assert [(one.name, one.ttl, one.type, one.values) for one in records if name in one.name] == [
        (f"{name}.{domain}", ttl, "SRV", (f"0 1 443 autodiscover.{domain}.",))
        for domain, ttl in (("harbor.example", 3600), ("orchard.example", 300))
    ]
    assert not [one for one in without if name in one.name]


def test_a_site_keeps_its_records_while_its_policy_is_withdrawn() -> None:
    policy = fleet(mail_mta_sts="testing").hosts[0].sites[0].policy("none")
    facts = {"mx1": HostFacts(policies={"harbor.example": str(policy)}), "mx2": HostFacts()}

    records = records_for(fleet(), ["mx1", "mx2"], facts)

    assert [one.name for one in records if "web site" in one.why] == ["mta-sts.harbor.example"] * 2


def test_the_announcement_has_the_id_of_the_policy_that_a_host_serves() -> None:
    (host, _) = fleet(mail_mta_sts="testing").hosts
    policy = host.sites[0].policy("testing")

    record = announcement(host, "harbor.example", str(policy))

    assert (record.name, record.type) == ("_mta-sts.harbor.example", "TXT")
    assert record.values == (f"v=STSv1; id={policy.id};",)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (
            {"mail_mta_sts": "testing", "mx2": {"mail_mta_sts": "enforce"}},
            "mx2: mail_mta_sts is 'enforce', but 'testing' on mx1, and both serve harbor.example;",
        ),
        (
            {**ACCOUNTS, "mail_autoconfig": True, "mx2": {"mail_autoconfig": False}},
            "mx2: mail_autoconfig is False, but True on mx1, and both serve harbor.example;",
        ),
        (
            {"mail_mta_sts": "enforce", "mail_tls": "self-signed"},
            "mx1, mx2: mail_mta_sts needs certificates that others trust, and mail_tls is",
        ),
        (
            {**ACCOUNTS, "mail_autoconfig": True, "mail_tls": "self-signed"},
            "mx1, mx2: mail_autoconfig needs certificates that others trust",
        ),
        ({"mail_autoconfig": True}, "mx1, mx2: mail_autoconfig needs accounts; add mail_accounts"),
        ({"mail_mta_sts": "on"}, "mail_mta_sts: 'on' is not allowed; write"),
        ({"mail_sites": []}, "mx1, mx2: mail_sites is not a setting of pyinfra-mail"),
        (
            {"mail_mta_sts": "testing", "mail_tls_names": ["mta-sts.harbor.example"]},
            "mx1: mta-sts.harbor.example is the name of a domain's web site; remove it from",
        ),
        (
            {
                "mail_mta_sts": "testing",
                "mx2": {"mail_domains": ["harbor.example", ".".join(["a" * 61] * 4)]},
            },
            "has more than 253 octets; remove mail_mta_sts and mail_autoconfig",
        ),
        (
            {
                "mail_mta_sts": "testing",
                "mail_tls": "files",
                "mail_tls_files": {"mx1.harbor.example": "/x", "mx2.harbor.example": "/x"},
            },
            "mx1: mail_tls_files.mta-sts.harbor.example is missing",
        ),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(how: dict[str, Any], sentence: str) -> None:
    assert sentence in mistakes(**how)


def test_files_of_a_withdrawn_policy_may_stay_in_the_settings() -> None:
    names = ("mx1.harbor.example", "mta-sts.harbor.example")
    files = {"mail_tls": "files", "mail_tls_files": dict.fromkeys(names, "/x.pem")}

    assert fleet_from({"mx1": MX1 | files}, {}).hosts[0].site_names == ()
