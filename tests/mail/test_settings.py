"""Settings: every mistake at once, each with the word to write instead."""

from typing import Any

import certifi
import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings import dkim_keys
from deploys.mail.settings.inventory import fleet_from, known_keys
from deploys.mail.settings.mistakes.keys import rename_notices
from deploys.mail.settings.mistakes.recipients import catch_all_notices
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import command, env
from deploys.mail.toolkit import FOLDER, VERSION

MX1: dict[str, Any] = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11", "2001:db8:25::11"],
    "mail_domains": ["harbor.example"],
}
MX2: dict[str, Any] = {
    "mail_hostname": "mx2.orchard.example",
    "mail_addresses": ["203.0.113.12"],
    "mail_domains": ["orchard.example"],
}

CLIENT: dict[str, Any] = {
    "mail_hostname": "app.harbor.example",
    "mail_relay": "relay.faraway.example:465",
    "mail_relay_login": "app@harbor.example",
    "mail_relay_password": command("echo", "sesame"),
    "mail_root": "postmaster@harbor.example",
}


def mistakes(**data: Any) -> str:
    """Return what is said of a host with these keys on top of good ones."""
    with pytest.raises(MailError) as refused:
        fleet_from({"mx1": MX1 | data}, {})
    return str(refused.value)


def good(**data: Any) -> Fleet:
    """Return the fleet of one host with these keys on top of good ones."""
    return fleet_from({"mx1": MX1 | data}, {})


def test_an_inventory_for_another_version_is_refused_for_that_alone() -> None:
    said = mistakes(mail_requires=">=99", mail_new="x")

    assert said.startswith(f"mx1: mail_requires is '>=99', but {FOLDER} has version {VERSION}; ")
    assert "mail_new" not in said


def test_hosts_that_need_the_same_version_are_named_together() -> None:
    needed = {"mail_requires": "<0.1"}

    with pytest.raises(MailError, match=r"^mx1, mx2: mail_requires is '<0.1', but "):
        fleet_from({"mx1": MX1 | needed, "mx2": MX2 | needed}, {})


@pytest.mark.parametrize("versions", ["", ">=0.1", f"=={VERSION}", "<99,!=98"])
def test_an_inventory_for_this_version_is_accepted(versions: str) -> None:
    assert good(mail_requires=versions).hosts


def test_a_version_that_pip_does_not_understand_is_refused() -> None:
    assert (
        "mx1: mail_requires: '0.2 or newer' is not a version specifier (PEP 440); write one like"
    ) in mistakes(mail_requires="0.2 or newer")


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("mail_adresses", "mail_addresses"),
        ("mail_domain", "mail_domains"),
        ("mail_postfix_mian", "mail_postfix_main"),
        ("mail_time_out", "mail_timeout"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(key: str, near: str) -> None:
    assert (
        f"mx1: {key} is not a setting of pyinfra-mail {VERSION}; did you mean {near}"
        in mistakes(**{key: "x"})
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"mail_hostname": "mx1"}, "mail_hostname: 'mx1' is not a domain name"),
        ({"mail_hostname": "-a.example"}, "is not a domain name"),
        ({"mail_domains": ["exa mple.org"]}, "mail_domains.0: 'exa mple.org' is not a domain name"),
        ({"mail_domains": ["a" * 64 + ".example"]}, "is not a domain name"),
        ({"mail_domains": ["under_score.example"]}, "is not a domain name"),
        (
            {"mail_addresses": ["203.0.113.300"]},
            "mail_addresses.0: '203.0.113.300' is not an address",
        ),
        ({"mail_addresses": []}, "mail_addresses: the list is empty; write at least one"),
        ({"mail_networks": ["203.0.113.5/24"]}, "has bits of a host; write '203.0.113.0/24'"),
        ({"mail_ttl": 3}, "mail_ttl: 3 is too small; write at least 60"),
        ({"mail_dmarc": "block"}, "mail_dmarc: 'block' is not allowed; write"),
        ({"mail_postfix_main": {"a b": "1"}}, "mail_postfix_main.a b"),
        ({"mail_postfix_main": {"x": "1\ny = 2"}}, "has several lines; write one line"),
        ({"mail_postfix_master": {"smtp": "n - y - - smtpd"}}, "mail_postfix_master.smtp"),
        (
            {"mail_aliases": {"info@elsewhere.example": "root"}},
            "elsewhere.example is not in mail_domains",
        ),
        ({"mail_aliases": {"in fo": "root"}}, "is not a recipient"),
        ({"mail_dkim_selector": "a.b"}, "mail_dkim_selector: 'a.b' is not a selector; write one"),
        ({"mail_dkim_selector": "x" * 56}, "is not a selector"),
        ({"mail_dkim_rotate": "monthly"}, "mail_dkim_rotate: 'monthly' is not an age of keys"),
        ({"mail_dkim_rotate": "0d"}, "write one like '180d', or '' or 'now'"),
        ({"mail_dkim_cname": "keys"}, "mail_dkim_cname: 'keys' is not a domain name"),
        (
            {"mail_dkim_cname": {"other.example": "keys.example.net"}},
            "mail_dkim_cname.other.example has no effect",
        ),
        (
            {"mail_dkim_cname": ".".join(["x" * 60] * 4)},
            "is too long for mail: its DKIM key would be at a name of",
        ),
        ({"mail_account_rate": "100"}, "mail_account_rate: '100' is not a rate; write one like"),
        ({"mail_account_rate": "0/1h"}, "is not a rate"),
        ({"mail_rspamd": {"../x.conf": {}}}, "mail_rspamd.../x.conf"),
        ({"mail_postmaster": "Some One"}, "mail_postmaster: 'Some One' is not a user of a host"),
        (
            {"mail_spf_all": "?all"},
            "mail_spf_all: '?all' is not allowed; write '', '-all' or '~all'",
        ),
        ({"mail_dmarc_reports": ["x"]}, "mail_dmarc_reports.0: 'x' is not a mail address"),
        ({"mail_tls_rpt": "x"}, "mail_tls_rpt.0: 'x' is not a mail address; write one like"),
        (
            {"mail_tls_rpt": "http://b.example"},
            "cannot receive reports; write a mail address or an https",
        ),
        ({"mail_tls_rpt": "https://b.example/a,b"}, "cannot receive reports"),
        ({"mail_caa": "letsencrypt"}, "mail_caa: 'letsencrypt' is not a domain name"),
        (
            {"mail_bimi": "http://b.example/l.svg"},
            "mail_bimi: 'http://b.example/l.svg' is not a logo",
        ),
        (
            {"mail_bimi": "https://b.example/l.png"},
            "is not a logo; write the https:// URL of an .svg",
        ),
        ({"mail_silent_domains": ["x"]}, "mail_silent_domains.0: 'x' is not a domain name"),
        (
            {"mail_silent_domains": ["harbor.example"]},
            "mail_silent_domains has harbor.example, which sends mail: it is in mail_domains",
        ),
        (
            {"mail_silent_domains": ["mx1.harbor.example"]},
            "mail_silent_domains has mx1.harbor.example, which sends mail",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_key(data: dict[str, Any], sentence: str) -> None:
    assert f"mx1: {sentence}" in mistakes(**data) or sentence in mistakes(**data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"mail_relay": "mx1.harbor.example"}, "mail_relay: 'mx1.harbor.example' has no port"),
        ({"mail_relay": "mx1:465"}, "mail_relay: 'mx1' is not a domain name"),
        ({"mail_relay": "mx1.harbor.example:70000"}, "has no port"),
        ({"mail_relay_login": "app"}, "mail_relay_login: 'app' is not a mail address"),
        (
            {"mail_relay_password": "sesame"},
            "mail_relay_password: the value (masked here) is not a reference",
        ),
        ({"mail_relay_password": env("NOT_SET")}, 'the secret env("NOT_SET") is not set'),
        (
            {"mail_relay_password": command("printf", "a\nb")},
            "mail_relay_password has several lines",
        ),
        ({"mail_relay_ca": "/none.pem"}, "mail_relay_ca: '/none.pem' cannot be read"),
        ({"mail_relay_ca": __file__}, "has no certificate"),
        ({"mail_root": "root"}, "mail_root: 'root' is not a mail address"),
        (
            {"mail_relais": "x"},
            f"mail_relais is not a setting of pyinfra-mail {VERSION}; did you mean mail_relay",
        ),
    ],
)
def test_a_clients_wrong_value_is_named_with_its_key(data: dict[str, Any], sentence: str) -> None:
    with pytest.raises(MailError) as refused:
        fleet_from({}, {}, {"app": CLIENT | data})

    assert "app: mail_rel" in str(refused.value) or "app: mail_root" in str(refused.value)
    assert sentence in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_host_has_one_role() -> None:
    with pytest.raises(MailError, match="mx1 is in the groups 'mail' and 'client'"):
        fleet_from({"mx1": MX1}, {}, {"mx1": CLIENT})


def test_every_mistake_on_every_host_is_reported_at_once() -> None:
    with pytest.raises(MailError) as refused:
        fleet_from(
            {"mx1": MX1 | {"mail_ttl": 1, "mail_tls": "magic"}, "mx2": {"mail_domain": "x"}}, {}
        )

    said = str(refused.value)
    for part in (
        "mx1: mail_ttl",
        "mx1: mail_tls",
        "mx2: mail_domain ",
        "mx2: mail_hostname is missing",
    ):
        assert part in said


@pytest.mark.parametrize("claim", ["mx1.harbor.example", "203.0.113.11"])
def test_two_hosts_may_not_claim_one_name_or_address(claim: str) -> None:
    twin = MX2 | ({"mail_addresses": [claim]} if claim[0].isdigit() else {"mail_hostname": claim})

    with pytest.raises(MailError, match=f"mx2: {claim} is claimed by mx1 too"):
        fleet_from({"mx1": MX1, "mx2": twin}, {})


TWIN = MX2 | {"mail_domains": ["orchard.example", "harbor.example"]}


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ({"info": "root"}, {}, "mx2: mail_aliases has no info@harbor.example, which another MX"),
        ({}, {"Info@harbor.example": "root"}, "mx1: mail_aliases has no info@harbor.example, "),
        (
            {},
            dict.fromkeys(("a", "b", "c", "d", "e"), "root"),
            "no a@harbor.example, b@harbor.example, c@harbor.example and 2 more, which",
        ),
        ({"@harbor.example": "root"}, {}, "mx2: mail_aliases has no @harbor.example, which"),
    ],
)
def test_every_mx_of_a_domain_has_the_same_recipients(
    first: dict[str, str], second: dict[str, str], sentence: str
) -> None:
    hosts = {"mx1": MX1 | {"mail_aliases": first}, "mx2": TWIN | {"mail_aliases": second}}

    with pytest.raises(MailError) as refused:
        fleet_from(hosts, {})

    assert sentence in str(refused.value)
    assert "so a part of that mail would be refused" in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"info": "anna"}, {"INFO": "info@mx1.harbor.example"}),
        ({"info": "anna"}, {"info@harbor.example": "root", "own@orchard.example": "root"}),
    ],
)
def test_the_recipients_of_two_mx_may_have_other_targets(
    first: dict[str, str], second: dict[str, str]
) -> None:
    hosts = {"mx1": MX1 | {"mail_aliases": first}, "mx2": TWIN | {"mail_aliases": second}}

    assert fleet_from(hosts, {}).hosts_for("harbor.example")


SELF_SIGNED = (
    "app: mail_relay: the certificate of mx1.harbor.example is self-signed, so the client would "
    "keep all its mail; set mail_tls = 'acme' or 'files' for mx1, or name a file with the "
    "certificate in mail_relay_ca"
)


def test_a_relay_whose_certificate_no_client_trusts_is_refused() -> None:
    inside = CLIENT | {"mail_relay": "mx1.harbor.example:465"}

    with pytest.raises(MailError) as refused:
        fleet_from({"mx1": MX1}, {}, {"app": inside})

    assert str(refused.value) == SELF_SIGNED


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ({"mail_tls": "acme"}, {}),
        ({}, {"mail_relay": "mx2.elsewhere.example:465"}),
        ({}, {"mail_relay_ca": certifi.where()}),
    ],
    ids=str,
)
def test_a_relay_is_trusted_by_an_authority_or_by_its_own_certificate(
    host: dict[str, Any], client: dict[str, Any]
) -> None:
    inside = CLIENT | {"mail_relay": "mx1.harbor.example:465"} | client

    assert fleet_from({"mx1": MX1 | host}, {}, {"app": inside}).clients


def test_a_key_of_group_all_reaches_hosts_and_witnesses_without_being_refused() -> None:
    witness = {"mail_witness_address": "a@b.example", "mail_witness_mailbox": "/var/mail/a"}

    fleet = fleet_from({"mx1": MX1 | witness}, {"peer": witness | {"mail_ttl": 300}})

    assert fleet.witnesses[0].address == "a@b.example"


def test_names_are_kept_in_their_dns_form() -> None:
    fleet = good(mail_domains=["Harbor.Example.", "münchen.example"])

    assert fleet.domains == ("harbor.example", "xn--mnchen-3ya.example")


def test_postfix_values_are_written_in_postfix_words() -> None:
    main = good(mail_postfix_main={"soft_bounce": True, "relay_domains": ["a", "b"], "n": 3}).hosts[
        0
    ]

    assert dict(main.postfix_main) == {"soft_bounce": "yes", "relay_domains": "a, b", "n": "3"}


def test_postmaster_and_abuse_of_every_domain_are_deliverable() -> None:
    host = good(
        mail_domains=["a.example", "b.example"], mail_aliases={"info@a.example": "ann"}
    ).hosts[0]

    assert host.recipients.ends == {
        "postmaster@a.example": ("root",),
        "abuse@a.example": ("root",),
        "info@a.example": ("ann",),
        "postmaster@b.example": ("root",),
        "abuse@b.example": ("root",),
    }


@pytest.mark.parametrize(
    ("address", "entry", "ends"),
    [
        ("info@harbor.example", "info@harbor.example", ("ann",)),
        ("anything@harbor.example", "@harbor.example", ("root", "x@far.example")),
        ("postmaster@harbor.example", "postmaster@harbor.example", ("root",)),
        ("anything@orchard.example", "", ()),
        ("spam@orchard.example", "spam@orchard.example", ("root", "x@far.example")),
        ("root@mx1.harbor.example", "", ()),
    ],
)
def test_a_catch_all_stands_for_every_other_address_of_its_domain(
    address: str, entry: str, ends: tuple[str, ...]
) -> None:
    aliases = {
        "info@harbor.example": "ann",
        "@Harbor.Example": ["root", "x@far.example"],
        "spam@orchard.example": "whatever@harbor.example",
    }
    host = good(mail_domains=["harbor.example", "orchard.example"], mail_aliases=aliases).hosts[0]

    assert host.recipients.entry(address) == entry
    assert host.recipients.ends.get(entry, ()) == ends
    assert host.recipients.refusing_domains == ("orchard.example",)


@pytest.mark.parametrize(
    ("aliases", "said"),
    [
        ({"info": "root"}, ""),
        (
            {"@harbor.example": ["anna", "x@far.example"]},
            (
                "mx1: mail_aliases.@harbor.example is a catch-all: mail for any other address of "
                "harbor.example is accepted and goes to anna, x@far.example, and none is refused; "
                "without it such mail is refused with 550"
            ),
        ),
    ],
)
def test_a_catch_all_is_said_to_be_one(aliases: dict[str, Any], said: str) -> None:
    fleet = fleet_from({"mx1": MX1 | {"mail_aliases": aliases}}, {})

    assert "".join(catch_all_notices(fleet.hosts)) == said


def test_settings_cannot_be_changed_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        good().hosts[0].ttl = 60  # type: ignore[misc]


def test_every_known_key_says_what_it_is_for() -> None:
    assert all(key.startswith(("mail_", "verify_")) for key in known_keys())


@pytest.mark.parametrize("twin", [{"mail_hostname": "mx1.orchard.example"}, {}])
def test_two_hosts_of_a_domain_have_keys_of_different_names(twin: dict[str, str]) -> None:
    mx2 = MX2 | {"mail_domains": ["harbor.example"], "mail_dkim_selector": "mx1"} | twin

    with pytest.raises(MailError, match=r"mail_dkim_selector 'mx1' for .* of mx1"):
        fleet_from({"mx1": MX1 | {"mail_domains": ["harbor.example"]}, "mx2": mx2}, {})


def test_a_host_of_the_name_of_anothers_second_keys_is_refused() -> None:
    mx1, mx2 = (own | {"mail_domains": ["harbor.example"]} for own in (MX1, MX2))

    with pytest.raises(MailError, match=r"mail_dkim_selector 'mx1-2' for harbor\.example"):
        fleet_from({"mx1": mx1, "mx2": mx2 | {"mail_dkim_selector": "mx1-2"}}, {})


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("", ""),
        ("Keys.Example.net.", "keys.example.net"),
        ({"harbor.example": "keys.example.net"}, "keys.example.net"),
        ({"*": "keys.example.net", "harbor.example": "own.example.net"}, "own.example.net"),
    ],
)
def test_a_zone_of_keys_is_meant_for_all_domains_or_for_one(written: object, zone: str) -> None:
    (host,) = fleet_from({"mx1": MX1 | {"mail_dkim_cname": written}}, {}).hosts

    assert dkim_keys.cname_zone(host, "harbor.example") == zone


LONG = ".".join(["a" * 63] * 3)
ENDLESS = f"{LONG}.{'b' * 61}"


@pytest.mark.parametrize("key", ["mail_domains", "mail_silent_domains"])
def test_a_domain_too_long_for_its_mail_records_is_refused_in_one_sentence(key: str) -> None:
    assert len(ENDLESS) == 253

    said = mistakes(**{key: [ENDLESS]})

    assert said.startswith(f"mx1: {ENDLESS} is too long for mail: its DKIM key would be at a name")
    assert "octets, and 253 are allowed; use a domain of at most 2" in said
    assert len(said.splitlines()) == 1


def test_a_domain_with_just_enough_room_is_good() -> None:
    domain = f"{LONG}.{'b' * (253 - len(LONG) - 1 - len('mx1-2-ed25519._domainkey.'))}"

    assert good(mail_domains=[domain]).domains == (domain,)
    assert f"of at most {len(domain)} octets" in mistakes(mail_domains=[f"{domain}b"])


def test_a_renamed_key_works_and_a_sentence_names_the_new_one() -> None:
    (host,) = good(mail_canary=False).hosts

    assert not host.preflight
    assert list(rename_notices({"mx1": {"mail_canary": False}, "mx2": {}})) == [
        "mx1: mail_canary is now mail_preflight; rename it, as the next release refuses mail_canary"
    ]
    assert not list(rename_notices({"mx1": {"mail_preflight": False}}))


def test_a_setting_with_both_its_old_and_its_new_key_is_refused() -> None:
    sentence = mistakes(mail_canary=False, mail_preflight=True)

    assert sentence == (
        "mx1: mail_canary is the old name of mail_preflight, and both are set; remove mail_canary"
    )


@pytest.mark.parametrize(
    ("data", "parameter", "value"),
    [
        ({}, "message_size_limit", "26214400"),
        ({"mail_message_size_limit": "25M"}, "message_size_limit", "26214400"),
        ({"mail_message_size_limit": 70_000}, "message_size_limit", "70000"),
        ({"mail_postfix_main": {"message_size_limit": 2000}}, "message_size_limit", "2000"),
        (
            {"mail_message_size_limit": "1g", "mail_postfix_main": {"message_size_limit": "$x"}},
            "message_size_limit",
            "$x",
        ),
        ({}, "bounce_queue_lifetime", "5d"),
        ({"mail_postfix_main": {"bounce_queue_lifetime": "1d"}}, "bounce_queue_lifetime", "1d"),
        ({"mail_delay_warning": 60}, "delay_warning_time", "60s"),
        (
            {"mail_postscreen": True, "mail_networks": ["203.0.113.0/28"]},
            "postscreen_access_list",
            "permit_mynetworks, cidr:{ {203.0.113.11 permit}, {2001:db8:25::11 permit} }",
        ),
        (
            {
                "mail_postscreen": True,
                "mail_postscreen_dnsbl": [
                    "ZEN.spamhaus.org*2",
                    "list.dnswl.org=127.0.[0..255].[1..3]*-2",
                ],
            },
            "postscreen_dnsbl_sites",
            "zen.spamhaus.org=127.0.[0..255].[2..254]*2, list.dnswl.org=127.0.[0..255].[1..3]*-2",
        ),
        ({"mail_queue_days": 2}, "maximal_queue_lifetime", "2d"),
        ({"mail_queue_days": 2}, "bounce_queue_lifetime", "2d"),
        (
            {"mail_queue_days": 2, "mail_postfix_main": {"bounce_queue_lifetime": "1d"}},
            "bounce_queue_lifetime",
            "1d",
        ),
    ],
)
def test_a_postfix_parameter_has_one_effective_value(
    data: dict[str, Any], parameter: str, value: str
) -> None:
    assert good(**data).hosts[0].postfix_value(parameter) == value


def test_postscreen_knows_the_hosts_of_the_fleet_and_the_witnesses() -> None:
    witness = {"mail_witness_address": "visitor@far.example", "mail_witness_mailbox": "/var/mail/v"}
    witnesses = {
        "peer": {**witness, "ssh_hostname": "198.51.100.7"},
        "2001:db8::7": witness,
        "peer.far.example": witness,  # a name: its mail waits for the greeting
    }
    fleet = fleet_from({"mx1": MX1 | {"mail_postscreen": True}, "mx2": MX2}, witnesses)

    known = fleet.host("mx1").postfix_value("postscreen_access_list")
    permitted = ("203.0.113.11", "2001:db8:25::11", "203.0.113.12", "198.51.100.7", "2001:db8::7")
    assert all(f"{{{one} permit}}" in known for one in permitted)
    assert known.count("permit}") == len(permitted)
    assert "postscreen" not in "".join(fleet.host("mx2").postfix_parameters)


@pytest.mark.parametrize(
    ("value", "octets"), [("0", 0), ("2000", 2000), ("$x", 26_214_400), ("2 000", 26_214_400)]
)
def test_the_largest_message_is_a_number(value: str, octets: int) -> None:
    (host,) = good(mail_postfix_main={"message_size_limit": value}).hosts

    assert host.largest_message == octets
