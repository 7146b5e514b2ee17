"""The records that a fleet needs, as a mail admin would list them."""

from pathlib import Path
from typing import Any

import pytest

from deploys.mail import records_docs
from deploys.mail.dkim_rotation import Published
from deploys.mail.records import RECORD_TYPES, HostFacts, records_for
from deploys.mail.settings.inventory import fleet_from, known_keys
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import command

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


POINTER6 = "1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.2.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
MX1 = [
    "mx1.harbor.example 3600 A 203.0.113.11",
    "mx1.harbor.example 3600 AAAA 2001:db8:25::11",
    "11.113.0.203.in-addr.arpa 3600 PTR mx1.harbor.example.",
    f"{POINTER6} 3600 PTR mx1.harbor.example.",
    "mx1.harbor.example 3600 TXT v=spf1 a -all",
]


def test_two_hosts_and_two_domains() -> None:
    assert listed(fleet(), "mx1", "mx2") == [
        *MX1,
        "mx2.orchard.example 300 A 203.0.113.12",
        "12.113.0.203.in-addr.arpa 300 PTR mx2.orchard.example.",
        "mx2.orchard.example 300 TXT v=spf1 a -all",
        "harbor.example 3600 MX 10 mx1.harbor.example., 10 mx2.orchard.example.",
        "harbor.example 3600 TXT v=spf1 mx ~all",
        "_dmarc.harbor.example 3600 TXT v=DMARC1; p=none",
        "orchard.example 300 MX 10 mx2.orchard.example.",
        "orchard.example 300 TXT v=spf1 mx ~all",
        "_dmarc.orchard.example 300 TXT v=DMARC1; p=none",
    ]


def test_a_host_has_a_preference_for_each_domain() -> None:
    told = fleet(mail_mx={"orchard.example": 5, "*": 30})

    mx = [one for one in records_for(told, {"mx1", "mx2"}) if one.type == "MX"]

    assert [one.values for one in mx] == [
        ("10 mx1.harbor.example.", "30 mx2.orchard.example."),
        ("5 mx2.orchard.example.",),
    ]


def test_a_host_that_is_not_ready_is_not_announced() -> None:
    assert listed(fleet(), "mx1") == [
        *MX1,
        "harbor.example 3600 MX 10 mx1.harbor.example.",
        "harbor.example 3600 TXT v=spf1 mx ~all",
        "_dmarc.harbor.example 3600 TXT v=DMARC1; p=none",
    ]
    assert listed(fleet()) == []


def test_a_host_with_a_domains_name_is_permitted_by_the_domains_policy() -> None:
    own = fleet(mail_hostname="orchard.example")

    assert [line for line in listed(own, "mx2") if "spf1" in line] == [
        "harbor.example 300 TXT v=spf1 mx ~all",
        "orchard.example 300 TXT v=spf1 mx ~all",
    ]


def test_new_policies_are_as_strict_as_the_settings_say() -> None:
    strict = fleet(mail_spf_all="-all", mail_dmarc="reject")

    assert "orchard.example 300 TXT v=spf1 mx -all" in listed(strict, "mx2")
    assert "_dmarc.orchard.example 300 TXT v=DMARC1; p=reject" in listed(strict, "mx2")


def test_a_host_has_its_own_preference_and_knows_the_servers_beside_it() -> None:
    told = fleet(mail_mx=20, mail_mx_beside=["mail.provider.example"])

    mx = [one for one in records_for(told, {"mx1", "mx2"}) if one.type == "MX"]

    assert [(one.values, one.strict, one.beside) for one in mx] == [
        (
            ("10 mx1.harbor.example.", "20 mx2.orchard.example."),
            True,
            ("mx1.harbor.example", "mx2.orchard.example", "mail.provider.example"),
        ),
        (("20 mx2.orchard.example.",), True, ("mx2.orchard.example", "mail.provider.example")),
    ]


def test_a_host_that_is_not_ready_is_no_server_of_others() -> None:
    (mx,) = (one for one in records_for(fleet(), {"mx1"}) if one.type == "MX")

    assert (mx.strict, mx.beside) == (False, ("mx1.harbor.example", "mx2.orchard.example"))


def test_a_domain_that_others_receive_mail_for_has_no_record_that_receives() -> None:
    sending = fleet_from(
        {
            "mx1": HARBOR
            | {
                "mail_domains": [],
                "mail_sending_domains": ["harbor.example"],
                "mail_tls_rpt": ["tls@harbor.example"],
                "mail_dmarc_reports": ["dmarc@harbor.example"],
                "mail_mta_sts": "none",
                "mail_accounts": {"app@harbor.example": {"password": command("echo", "sesame")}},
            }
        },
        {},
    )
    facts = {"mx1": HostFacts(dkim=KEYS[:1])}
    found = {
        (one.name, one.type): one.values
        for one in records_for(sending, {"mx1"}, facts)
        if one.name.endswith("harbor.example") and not one.name.startswith("mx1.")
    }

    assert found == {
        ("harbor.example", "TXT"): ("v=spf1 a:mx1.harbor.example ~all",),
        ("_dmarc.harbor.example", "TXT"): ("v=DMARC1; p=none; rua=mailto:dmarc@harbor.example",),
        ("mx1-rsa._domainkey.harbor.example", "TXT"): ("v=DKIM1; k=rsa; p=MIIB",),
        ("mx1-rsa._domainkey.mx1.harbor.example", "TXT"): ("v=DKIM1; k=rsa; p=MIIB",),
    }


def test_one_policy_permits_the_mx_and_the_hosts_that_only_send() -> None:
    both = fleet(mail_domains=["orchard.example"], mail_sending_domains=["harbor.example"])

    assert [line for line in listed(both, "mx1", "mx2") if line.startswith("harbor.example")] == [
        "harbor.example 3600 MX 10 mx1.harbor.example.",
        "harbor.example 3600 TXT v=spf1 mx a:mx2.orchard.example ~all",
    ]


@pytest.mark.parametrize("record", records_for(fleet(), {"mx1", "mx2"}))
def test_every_record_has_its_reason(record: Any) -> None:
    assert record.why
    assert "\n" not in record.why


def test_a_hosts_tls_keys_are_published_unless_mail_dane_is_off() -> None:
    facts = {"mx2": HostFacts(tlsa=("ff" * 32, "0a" * 32))}

    (record,) = (one for one in records_for(fleet(), ["mx2"], facts) if one.type == "TLSA")
    without = records_for(fleet(mail_dane=False), ["mx2"], facts)

    assert (record.name, record.ttl) == ("_25._tcp.mx2.orchard.example", 300)
    assert record.values == (f"3 1 1 {'0a' * 32}", f"3 1 1 {'ff' * 32}")
    assert not [one for one in without if one.type == "TLSA"]


def test_the_values_that_an_acme_server_asks_for_are_published_at_each_name() -> None:
    facts = {"mx1": HostFacts(challenges={"mx1.harbor.example": ("one", "two")})}

    (record,) = (
        one for one in records_for(fleet(), ["mx1"], facts) if one.name.startswith("_acme-")
    )

    assert (record.name, record.type) == ("_acme-challenge.mx1.harbor.example", "TXT")
    assert record.values == ("one", "two")
    assert record.ttl == 60


def test_the_names_of_a_host_that_changes_a_zone_of_proofs_lead_there() -> None:
    proofs = {"zone": "acme.example.net", "server": "198.51.100.53", "key_name": "mx1"}
    own = {
        "mail_tls": "acme",
        "mail_tls_names": ["mail.harbor.example"],
        "mail_acme_challenge": "dns",
        "mail_acme_dns": proofs | {"key_secret": command("echo", "b3Blbi1zZXNhbWU=")},
    }
    records = records_for(fleet_from({"mx1": HARBOR | own}, {}), ["mx1"])

    assert [(one.name, one.type, *one.values) for one in records if "DNS-01" in one.why] == [
        (f"_acme-challenge.{name}", "CNAME", f"{name}.acme.example.net.")
        for name in ("mx1.harbor.example", "mail.harbor.example")
    ]


def test_a_hosts_keys_are_published_for_its_domains_and_its_own_name() -> None:
    facts = {"mx1": HostFacts(dkim=KEYS)}

    records = records_for(fleet(), ["mx1", "mx2"], facts)

    assert {record.name: record.values for record in records if "DKIM" in record.why} == {
        "mx1-rsa._domainkey.harbor.example": ("v=DKIM1; k=rsa; p=MIIB",),
        "mx1-rsa._domainkey.mx1.harbor.example": ("v=DKIM1; k=rsa; p=MIIB",),
        "mx1-ed25519._domainkey.harbor.example": ("v=DKIM1; k=ed25519; p=AAAA",),
        "mx1-ed25519._domainkey.mx1.harbor.example": ("v=DKIM1; k=ed25519; p=AAAA",),
    }


def test_the_keys_of_a_delegated_domain_have_cnames_to_their_records() -> None:
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


ACCOUNTS = {"mail_accounts": {"ann@orchard.example": {"password": command("echo", "sesame")}}}


def test_users_find_submission_and_that_imap_and_pop3_are_not_offered() -> None:
    services = [line for line in listed(fleet(**ACCOUNTS, **ANN), "mx1", "mx2") if " SRV " in line]

    assert services == [
        "_submissions._tcp.orchard.example 300 SRV 0 1 465 mx2.orchard.example.",
        "_submission._tcp.orchard.example 300 SRV 0 1 587 mx2.orchard.example.",
        "_imaps._tcp.orchard.example 300 SRV 0 0 0 .",
        "_imap._tcp.orchard.example 300 SRV 0 0 0 .",
        "_pop3s._tcp.orchard.example 300 SRV 0 0 0 .",
        "_pop3._tcp.orchard.example 300 SRV 0 0 0 .",
    ]


ANN = {"mail_aliases": {"ann@orchard.example": "root"}}


def test_reports_follow_the_settings_and_other_domains_of_ours_consent() -> None:
    told = fleet(
        mail_dmarc_reports=["dmarc@harbor.example", "a!b@faraway.example"],
        mail_tls_rpt=["tls@orchard.example", "https://reports.faraway.example/tls"],
    )

    dmarc = "rua=mailto:dmarc@harbor.example,mailto:a%21b@faraway.example"
    tls = "rua=mailto:tls@orchard.example,https://reports.faraway.example/tls"

    assert [line for line in listed(told, "mx2") if "rua" in line or "_report" in line] == [
        f"_dmarc.harbor.example 300 TXT v=DMARC1; p=none; {dmarc}",
        f"_smtp._tls.harbor.example 300 TXT v=TLSRPTv1; {tls}",
        f"_dmarc.orchard.example 300 TXT v=DMARC1; p=none; {dmarc}",
        "orchard.example._report._dmarc.harbor.example 300 TXT v=DMARC1",
        f"_smtp._tls.orchard.example 300 TXT v=TLSRPTv1; {tls}",
    ]


def test_a_logo_is_named() -> None:
    logo = fleet(mail_bimi="https://www.orchard.example/logo.svg")

    assert (
        "default._bimi.orchard.example 300 TXT v=BIMI1; l=https://www.orchard.example/logo.svg"
        in listed(logo, "mx2")
    )


def test_a_silent_domain_has_its_records_once_for_all_hosts() -> None:
    both = fleet_from(
        {
            "mx1": HARBOR | {"mail_silent_domains": ["quiet.example"]},
            "mx2": ORCHARD | {"mail_silent_domains": ["quiet.example", "www.orchard.example"]},
        },
        {},
    )

    assert [line for line in listed(both, "mx1", "mx2") if "quiet" in line] == [
        "quiet.example 3600 MX 0 .",
        "quiet.example 3600 TXT v=spf1 -all",
        "*._domainkey.quiet.example 3600 TXT v=DKIM1; p=",
        "_dmarc.quiet.example 3600 TXT v=DMARC1; p=reject",
    ]
    assert "www.orchard.example 300 MX 0 ." in listed(both, "mx1", "mx2")


ACME = {"mail_tls": "acme", "mail_tls_names": ["mail.orchard.example", "mail.elsewhere.example"]}
OWN_ACME = {"mail_acme_directory": "https://acme.orchard.example/dir"}


def may_issue(fleet: Fleet, **accounts: str) -> dict[str, tuple[str, ...]]:
    facts = {name: HostFacts(acme_account=account) for name, account in accounts.items()}
    records = records_for(fleet, ["mx1", "mx2"], facts)
    return {record.name: record.values for record in records if record.type == "CAA"}


@pytest.mark.parametrize(
    ("data", "account", "value"),
    [
        ({}, "", '0 issue "letsencrypt.org"'),
        ({}, "https://a/1", '0 issue "letsencrypt.org; accounturi=https://a/1"'),
        (OWN_ACME | {"mail_caa": "ca.example"}, "", '0 issue "ca.example"'),
    ],
)
def test_the_authority_in_use_may_issue_for_every_name_of_ours(
    data: dict[str, Any], account: str, value: str
) -> None:
    assert may_issue(fleet(**ACME, **data), mx2=account) == {
        "mx2.orchard.example": (value,),
        "mail.orchard.example": (value,),
    }


@pytest.mark.parametrize("data", [{"mail_tls": "self-signed"}, ACME | OWN_ACME])
def test_an_unknown_authority_has_no_record(data: dict[str, Any]) -> None:
    assert may_issue(fleet(**data)) == {}


@pytest.mark.parametrize(
    ("accounts", "values"),
    [
        ({"mx1": "https://a/1", "mx2": ""}, ("letsencrypt.org",)),
        (
            {"mx1": "https://a/1", "mx2": "https://a/2"},
            (
                "letsencrypt.org; accounturi=https://a/1",
                "letsencrypt.org; accounturi=https://a/2",
            ),
        ),
    ],
)
def test_hosts_that_share_a_name_do_not_lock_each_other_out(
    accounts: dict[str, str], values: tuple[str, ...]
) -> None:
    shared = {"mail_tls": "acme", "mail_tls_names": ["mail.harbor.example"]}
    both = fleet_from({"mx1": HARBOR | shared, "mx2": ORCHARD | shared}, {})

    assert may_issue(both, **accounts)["mail.harbor.example"] == tuple(
        f'0 issue "{value}"' for value in values
    )


def test_a_name_that_is_shared_with_a_host_outside_the_run_is_left_as_it_is() -> None:
    shared = {"mail_tls": "acme", "mail_tls_names": ["mail.harbor.example"]}
    both = fleet_from({"mx1": HARBOR | shared, "mx2": ORCHARD | shared}, {})
    records = records_for(both, ["mx1"], {"mx1": HostFacts(acme_account="https://a/1")})

    assert [record.name for record in records if record.type == "CAA"] == ["mx1.harbor.example"]


def test_the_documents_have_the_table_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs/records.md").read_text()

    assert text == records_docs.page(text), "run python -m deploys.mail.records_docs"
    assert {key for row in RECORD_TYPES for key in row.keys} <= set(known_keys())
