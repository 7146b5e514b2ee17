"""Relay domains: their recipients, the way of their mail, and the answers of several hosts."""

from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from deploys.mail.settings.values.relay_domains import lookups
from tests.mail.test_settings import MX1, MX2

INSIDE = "[10.0.0.7]:25"
LISTED = {"to": INSIDE, "recipients": ["anna", "Info@Pier.example"]}
ASKED = {"to": INSIDE, "recipients": "verify"}
BULK = {
    "mail_aliases": {"news": "root"},
    "mail_accounts": {"news@harbor.example": {"password": f"$6${'a' * 8}${'b' * 86}"}},
}


def fleet(first: dict[str, Any], second: dict[str, Any] | None = None) -> Fleet:
    return fleet_from({"mx1": MX1 | first, "mx2": MX2 | (second or {})}, {})


def host(**domains: Any) -> MailSettings:
    named = {name.replace("_", "."): one for name, one in domains.items()}
    return fleet({"mail_relay_domains": named}).hosts[0]


@pytest.mark.parametrize(
    ("domain", "table"),
    [
        (
            LISTED,
            {
                "postmaster@pier.example": "OK",
                "anna@pier.example": "OK",
                "info@pier.example": "OK",
            },
        ),
        (ASKED, {"@pier.example": "OK"}),
    ],
)
def test_a_host_knows_the_recipients_or_asks_for_them(
    domain: dict[str, Any], table: dict[str, str]
) -> None:
    assert lookups(host(pier_example=domain).relay_domains) == table


@pytest.mark.parametrize(
    ("domain", "restriction"),
    [(LISTED, "permit"), (ASKED, "reject_unverified_recipient, permit")],
)
def test_its_mail_goes_to_the_server_and_needs_no_dns(
    domain: dict[str, Any], restriction: str
) -> None:
    own = host(pier_example=domain)

    assert own.postfix_value("relay_domains") == "pier.example"
    assert own.postfix_value("relay_recipient_maps") == "lmdb:/etc/postfix/relay_domains"
    assert own.postfix_value("transport_maps") == f"inline:{{ {{pier.example = relay:{INSIDE}}} }}"
    assert own.postfix_value("smtpd_recipient_restrictions") == (
        f"check_recipient_access inline:{{ {{pier.example = {restriction}}} }}, "
        "reject_unknown_recipient_domain"
    )


def test_a_server_is_asked_for_a_bounded_time_and_its_words_stay_inside() -> None:
    asked, listed = host(pier_example=ASKED), host(pier_example=LISTED)

    assert asked.postfix_parameters["unverified_recipient_reject_code"] == "550"
    assert asked.postfix_parameters["unverified_recipient_reject_reason"] == "User not known"
    assert asked.postfix_parameters["address_verify_map"].startswith("lmdb:")
    assert not [one for one in listed.postfix_parameters if "verif" in one]


@pytest.mark.parametrize(
    ("written", "to"),
    [
        ("[10.0.0.7]", "[10.0.0.7]:25"),
        ("[Mail.Inside.example]:2525", "[mail.inside.example]:2525"),
        ("[2001:db8::7]:25", "[2001:db8::7]:25"),
        ("[127.0.0.1]:8024", "[127.0.0.1]:8024"),
    ],
)
def test_a_server_has_a_name_or_an_address_and_a_port(written: str, to: str) -> None:
    own = host(pier_example={"to": written, "recipients": "verify"})

    assert own.relay_domains["pier.example"].to == to


@pytest.mark.parametrize(
    ("recipients", "said"),
    [
        ("verify", ""),
        (["abuse", "anna"], ""),
        (["anna"], "mx2: mail_relay_domains.harbor.example has no abuse@harbor.example, which "),
        (["abuse"], "mx2: mail_relay_domains.harbor.example has no anna@harbor.example, which "),
        (["abuse", "anna", "bert"], "mx1: mail_aliases has no bert@harbor.example, which another "),
    ],
)
def test_an_mx_that_passes_mail_on_has_the_recipients_of_the_others(
    recipients: Any, said: str
) -> None:
    behind = {"harbor.example": {"to": "[mx1.harbor.example]", "recipients": recipients}}
    keys = {"mail_aliases": {"anna": "root"}}, {"mail_relay_domains": behind}
    if not said:
        assert fleet(*keys).hosts
        return
    with pytest.raises(MailError) as refused:
        fleet(*keys)
    assert said in str(refused.value)


def test_a_host_of_the_fleet_must_receive_what_comes_to_it() -> None:
    with pytest.raises(MailError) as refused:
        fleet({"mail_relay_domains": {"pier.example": {"to": "[mx2.orchard.example]:25"} | PART}})

    assert str(refused.value) == (
        "mx1: mail_relay_domains.pier.example.to: mx2 does not receive pier.example; add it to its "
        "mail_domains, or name another server"
    )


def test_mail_that_two_hosts_pass_to_each_other_goes_round() -> None:
    first, second = (
        {"mail_relay_domains": {"pier.example": {"to": f"[{name}]"} | PART}}
        for name in ("mx2.orchard.example", "mx1.harbor.example")
    )
    with pytest.raises(MailError, match=r"mail would go round, mx1 -> mx2 -> mx1"):
        fleet(first, second)


PART = {"recipients": "verify"}
