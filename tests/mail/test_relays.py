"""Relays: the way of mail by sender and recipient, as the tables of Postfix have it."""

from collections.abc import Iterator
from typing import Any

import certifi
import pytest

from deploys.mail.errors import MailError
from deploys.mail.postfix_services import options
from deploys.mail.records import records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from deploys.mail.settings.secret import command, env
from deploys.mail.units import service
from tests.mail.test_settings import MX1, MX2

PASSWORD = command("echo", "sesame")
LOGIN = {"mail_relay_login": "app", "mail_relay_password": PASSWORD}
FAR = "smtp.far.example:587"
ACCOUNT = {
    "mail_accounts": {"postmaster@harbor.example": {"password": "$6$" + "a" * 8 + "$" + "b" * 86}}
}
SELF = "the certificate of mx2.orchard.example is self-signed, so the host would keep all its mail"


def fleet(first: dict[str, Any], second: dict[str, Any] | None = None) -> Fleet:
    return fleet_from({"mx1": MX1 | first, "mx2": MX2 | (second or {})}, {})


def host(**data: Any) -> MailSettings:
    return fleet(data).hosts[0]


def entry(relay: str = FAR, **data: Any) -> dict[str, Any]:
    """Return a relay with a login."""
    return {"host": relay, "login": "app", "password": PASSWORD, **data}


def test_one_line_sends_all_mail_through_a_relay() -> None:
    own = host(mail_relay=FAR, **LOGIN)

    assert own.relays.parameters == {"default_transport": "relay1:[smtp.far.example]:587"}
    assert own.postfix_value("default_transport") == "relay1:[smtp.far.example]:587"
    assert options(own.postfix_services["relay1/unix"]) == {
        "syslog_name": "postfix/$service_name",
        "smtp_tls_security_level": "secure",
        "smtp_tls_policy_maps": "",
        "smtp_tls_mandatory_protocols": ">=TLSv1.2",
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": "lmdb:/etc/postfix/relay1_password",
        "smtp_sasl_tls_security_options": "noanonymous",
    }


@pytest.mark.parametrize(
    ("relay", "asked"),
    [
        ({}, ""),
        ({"*": FAR, "@harbor.example": FAR, "other.example": "direct"}, ""),
        (
            {"inside.example": FAR, ".branch.example": FAR},
            (
                "check_recipient_access inline:{ {inside.example = permit}, "
                "{branch.example = permit} }, "
            ),
        ),
    ],
)
def test_a_recipient_domain_with_a_relay_need_not_exist_in_the_dns(
    relay: dict[str, Any], asked: str
) -> None:
    own = host(mail_relay=relay, **ACCOUNT)

    assert own.postfix_value("smtpd_recipient_restrictions") == (
        f"{asked}reject_unknown_recipient_domain"
    )
    assert own.postfix_value("mua_recipient_restrictions") == (
        f"reject_non_fqdn_recipient, {asked}reject_unknown_recipient_domain, "
        "permit_sasl_authenticated, reject"
    )


def test_without_a_relay_mail_goes_to_the_mx() -> None:
    own = host()

    assert own.relays.parameters == {}
    assert own.relays.services == {}
    assert not own.relays.everything


def test_port_465_has_tls_from_the_first_octet() -> None:
    own = host(mail_relay="smtp.far.example:465", mail_relay_tls="encrypt")

    assert options(own.postfix_services["relay1/unix"])["smtp_tls_wrappermode"] == "yes"


def test_a_private_authority_vouches_for_one_relay_alone() -> None:
    own = host(mail_relay=FAR, mail_relay_ca=certifi.where())

    line = options(own.postfix_services["relay1/unix"])
    assert line["smtp_tls_CAfile"] == "/etc/postfix/relay1_ca.pem"


def test_a_table_has_senders_and_recipients() -> None:
    own = host(
        mail_relay={
            "*": FAR,
            "@harbor.example": "smtp.other.example:465",
            "Anna@harbor.example": "direct",
            "partner.example": "direct",
            ".intern.example": FAR,
        }
    )

    assert own.relays.parameters == {
        "default_transport": "relay1:[smtp.far.example]:587",
        "sender_dependent_default_transport_maps": "lmdb:/etc/postfix/relay_senders",
        "transport_maps": "lmdb:/etc/postfix/relay_recipients",
    }
    assert own.relays.senders == {
        "@harbor.example": "relay2:[smtp.other.example]:465",
        "anna@harbor.example": "smtp",
    }
    assert own.relays.recipients == {
        "partner.example": "smtp:",
        ".intern.example": "relay1:[smtp.far.example]:587",
    }


def test_each_account_at_a_relay_is_a_transport_of_its_own() -> None:
    own = host(
        mail_relay={
            "*": entry(),
            "@harbor.example": entry(login="harbor"),
            "far.example": entry(spf="a:smtp.far.example"),
        }
    )

    assert [one.login for one in own.relays.transports.values()] == ["app", "harbor"]
    assert own.relays.recipients["far.example"].startswith("relay1:")


@pytest.mark.parametrize(
    ("relay", "everything"),
    [
        (FAR, True),
        ({"*": FAR, "far.example": FAR}, True),
        ({"*": FAR, "far.example": "direct"}, False),
        ({"@harbor.example": FAR}, False),
        ({}, False),
    ],
)
def test_a_host_needs_port_25_unless_all_mail_goes_through_relays(
    relay: Any, *, everything: bool
) -> None:
    assert host(mail_relay=relay).relays.everything is everything


def test_mechanisms_of_sasl_are_installed_for_a_login_only() -> None:
    assert "libsasl2-modules" in service(host(mail_relay=FAR, **LOGIN), "postfix").packages
    assert "libsasl2-modules" not in service(host(mail_relay=FAR), "postfix").packages


def policies(found: Fleet) -> Iterator[str]:
    for record in records_for(found, {"mx1", "mx2"}):
        if "spf1" in record.values[0] and record.name in found.domains:
            yield f"{record.name} {record.values[0]}"


@pytest.mark.parametrize(
    ("aliases", "policy"),
    [
        ({"bert": "root"}, "v=spf1 a -all"),
        ({"bert": "bert@far.example"}, "v=spf1 a include:spf.far.example -all"),
    ],
)
def test_a_relay_of_forwarded_mail_may_send_with_the_name_of_the_host(
    aliases: dict[str, str], policy: str
) -> None:
    keys = {"mail_relay": FAR, "mail_relay_spf": "include:spf.far.example", "mail_aliases": aliases}
    found = records_for(fleet(keys), {"mx1", "mx2"})

    names = {one.name: one.values for one in found if "spf1" in one.values[0]}
    assert names["mx1.harbor.example"] == (policy,)


@pytest.mark.parametrize(
    ("data", "terms"),
    [
        ({"mail_relay": FAR, "mail_relay_spf": "include:spf.far.example"}, "spf.far.example "),
        ({"mail_relay": FAR, "mail_relay_spf": ["a:x.example", "ip4:192.0.2.1"]}, "192.0.2.1 "),
        ({"mail_relay": {"@harbor.example": entry(spf="include:s.far.example")}}, "s.far.example "),
        ({"mail_relay": {"far.example": entry(spf="include:s.far.example")}}, "s.far.example "),
    ],
)
def test_a_relay_joins_the_spf_policy_of_the_mail_that_it_gets(
    data: dict[str, Any], terms: str
) -> None:
    harbor, orchard = policies(fleet(data))

    assert harbor.endswith(f"{terms}~all")
    assert orchard == "orchard.example v=spf1 mx ~all"


def test_a_relay_of_the_fleet_joins_without_being_named() -> None:
    data = {"mail_relay": "mx2.orchard.example:25", "mail_relay_tls": "encrypt"}

    assert [*policies(fleet(data))] == [
        "harbor.example v=spf1 mx a:mx2.orchard.example ~all",
        "orchard.example v=spf1 mx ~all",
    ]


MISTAKES = (
    ({"mail_relay": "mx1.harbor.example:587"}, "mail_relay: mail would go round, mx1 -> mx1; "),
    (
        {"mail_relay": FAR, "mail_relay_login": "app"},
        "mail_relay: the login has no password; write one, as a reference like env(",
    ),
    (
        {"mail_relay": FAR, "mail_relay_password": PASSWORD},
        "mail_relay: the password has no login; write it, or remove the password",
    ),
    (
        {"mail_relay": FAR, **LOGIN, "mail_relay_tls": "encrypt"},
        "mail_relay: the password would go to any server, as tls = 'encrypt' verifies none; ",
    ),
    (
        {"mail_relay": FAR, "mail_relay_tls": "may", "mail_relay_ca": certifi.where()},
        "mail_relay: 'ca' has no effect, as tls = 'may' verifies no certificate; remove it",
    ),
    (
        {"mail_relay": "smtp.far.example:465", "mail_relay_tls": "may"},
        "mail_relay: port 465 has TLS from the first octet; write tls = 'secure' or 'encrypt'",
    ),
    (
        {"mail_relay": FAR, "mail_relay_login": "app", "mail_relay_password": env("NEVER_SET")},
        'mail_relay_password: the secret env("NEVER_SET") is not set: export NEVER_SET before',
    ),
    (
        {"mail_relay": {"@harbor.example": entry(password=command("printf", "a\nb"))}},
        "mail_relay.@harbor.example.password has several lines; write one line",
    ),
    (
        {"mail_relay": {"@elsewhere.example": FAR}},
        (
            "mail_relay.@elsewhere.example: elsewhere.example is neither in mail_domains nor in "
            "mail_sending_domains, so nothing is sent from it; add it there, or correct the key"
        ),
    ),
    (
        {"mail_relay": {"harbor.example": FAR}},
        (
            "mail_relay.harbor.example: mail to harbor.example is delivered here and goes to no "
            "relay; write '@harbor.example' for mail from it, or remove it"
        ),
    ),
    (
        {"mail_relay": {"partner.example": "direct"}},
        "mail_relay.partner.example: no other mail goes to a relay, so 'direct' has no effect; ",
    ),
    ({"mail_relay": {"*": "direct"}}, "mail_relay.*: no other mail goes to a relay, so 'direct' "),
    (
        {"mail_relay": {"*": entry()}, "mail_relay_login": "app"},
        (
            "mail_relay_login belongs to a relay that is written as name:port; write 'login' in "
            "the dictionary of its relay, in mail_relay"
        ),
    ),
    (
        {"mail_relay_spf": "include:spf.far.example"},
        "mail_relay_spf belongs to a relay that is written as name:port; write 'spf'",
    ),
    (
        {"mail_relay": FAR, "mail_postfix_main": {"relayhost": "[x.example]:587"}},
        "mail_postfix_main.relayhost and mail_relay both choose the next hop; remove one of them",
    ),
    (
        {"mail_relay": FAR, "mail_tls_outbound": {"[smtp.far.example]:587": "encrypt"}},
        (
            "mail_tls_outbound.[smtp.far.example]:587 has no effect, as mail_relay has the TLS "
            "level of its relays; remove it"
        ),
    ),
    (
        {"mail_relay": "mx2.orchard.example:587", **LOGIN},
        "mail_relay: app is no account of mx2; add it to its mail_accounts, or correct the login",
    ),
    ({"mail_relay": "mx2.orchard.example:587"}, f"mail_relay: {SELF}; set mail_tls = 'acme' or "),
)


@pytest.mark.parametrize(("data", "sentence"), MISTAKES, ids=[one for _, one in MISTAKES])
def test_a_relay_that_contradicts_another_setting_is_refused(
    data: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MailError) as refused:
        fleet(data)

    assert f"mx1: {sentence}" in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_two_hosts_that_relay_through_each_other_are_refused_once() -> None:
    first = {"mail_relay": "mx2.orchard.example:25", "mail_relay_tls": "may"}
    second = {"mail_relay": "mx1.harbor.example:25", "mail_relay_tls": "may"}

    with pytest.raises(MailError) as refused:
        fleet(first, second)

    assert str(refused.value) == (
        "mx1: mail_relay: mail would go round, mx1 -> mx2 -> mx1; name a relay that does not lead "
        "back to this host"
    )


def test_two_hosts_may_relay_other_mail_through_each_other() -> None:
    plain = {"tls": "may"}
    first = {"mail_relay": {"a.example": {"host": "mx2.orchard.example:25", **plain}}}
    second = {"mail_relay": {"b.example": {"host": "mx1.harbor.example:25", **plain}}}

    assert fleet(first, second).hosts


@pytest.mark.parametrize(
    "table",
    [
        {"*": FAR, "@harbor.example": "direct"},
        {"@harbor.example": FAR, "anna@harbor.example": "direct"},
        {"@harbor.example": FAR, "partner.example": "direct"},
        {".far.example": FAR, ".b.far.example": "direct"},
        {".far.example": FAR, "a.far.example": "direct"},
        {"@mx1.harbor.example": FAR},
    ],
    ids=str,
)
def test_an_exception_from_a_relay_is_accepted(table: dict[str, str]) -> None:
    assert host(mail_relay=table).relays.transports
