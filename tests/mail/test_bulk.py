"""Settings of a bulk stream: its mistakes, its records, and what it changes in Postfix."""

from typing import Any

import pytest

from deploys.mail import units
from deploys.mail.errors import MailError
from deploys.mail.postfix import BULK_ACCOUNTS
from deploys.mail.records import records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import Secret, command
from tests.mail.test_settings import MX1, MX2

HASH = "$6$" + "a" * 8 + "$" + "b" * 86
ACCOUNTS: dict[str, Any] = {
    "mail_aliases": {"news": "root", "anna": "root"},
    "mail_accounts": {f"{one}@harbor.example": {"password": HASH} for one in ("news", "anna")},
}
STREAM: dict[str, Any] = {
    "accounts": ["news@harbor.example"],
    "bounces": "bounces.harbor.example",
    "secret": command("echo", "x" * 32),
}
OWN_ADDRESSES = ["203.0.113.41", "2001:db8:25::41"]


def good(data: dict[str, Any] | None = None, **own: Any) -> Fleet:
    """Return the fleet of one host with a bulk stream, with other keys on top."""
    return fleet_from({"mx1": MX1 | ACCOUNTS | {"mail_bulk": STREAM | own} | (data or {})}, {})


def said(data: dict[str, Any] | None = None, **own: Any) -> str:
    """Return the message for a host with mistakes in its bulk stream."""
    with pytest.raises(MailError) as refused:
        good(data, **own)
    return str(refused.value)


def test_mail_may_be_chosen_by_a_header_field_alone_or_besides() -> None:
    alone = {one: value for one, value in STREAM.items() if one != "accounts"}
    by_value = fleet_from(
        {"mx1": MX1 | ACCOUNTS | {"mail_bulk": alone | {"header": "X-Stream: bulk"}}}, {}
    )
    by_name = good(header="List-Id")

    for fleet in (by_value, by_name):
        (host,) = fleet.hosts
        assert host.bulk_senders == {"anna@harbor.example", "news@harbor.example"}
        assert "FILTER bulk:[127.0.0.1]:10587" in host.postfix_parameters["milter_header_checks"]
    (host,) = by_value.hosts
    assert host.bulk
    assert (host.bulk.header_name, host.bulk.header_value) == ("X-Stream", "bulk")
    assert host.bulk.removed_headers == ("X-Pyinfra-Mail-Stream", "X-Stream")
    (host,) = by_name.hosts
    assert host.bulk
    assert host.bulk.removed_headers == ("X-Pyinfra-Mail-Stream",)
    assert "milter_header_checks" not in good().hosts[0].postfix_parameters


def test_a_stream_that_nothing_chooses_is_refused() -> None:
    alone = {one: value for one, value in STREAM.items() if one != "accounts"}

    with pytest.raises(MailError, match="mail_bulk has neither accounts nor header, so no mail"):
        fleet_from({"mx1": MX1 | ACCOUNTS | {"mail_bulk": alone}}, {})
    with pytest.raises(MailError, match="header chooses mail of accounts, and mail_accounts is em"):
        fleet_from({"mx1": MX1 | {"mail_bulk": alone | {"header": "List-Id"}}}, {})


def test_own_checks_of_the_mark_are_refused() -> None:
    own = {"mail_postfix_main": {"milter_header_checks": "regexp:/etc/own"}}

    assert "header needs milter_header_checks, which mail_postfix_main replaces" in said(
        own, header="List-Id"
    )


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"header": "X Stream"},
            (
                "header: 'X Stream' is not a header field; write its name, like 'List-Id', or its "
                "name and value, like 'X-Stream: bulk'"
            ),
        ),
        ({"accounts": []}, "accounts: the list is empty; write at least one"),
        (
            {"accounts": ["news@elsewhere.example"]},
            (
                "accounts: news@elsewhere.example is not in mail_accounts; add it there, or "
                "correct it"
            ),
        ),
        (
            {"bounces": "harbor.example"},
            (
                "bounces: harbor.example has another use, and every mail to it is a bounce; "
                "write a name of its own, like 'bounces.harbor.example'"
            ),
        ),
        (
            {"bounces": "bounces.elsewhere.example"},
            (
                "bounces: bounces.elsewhere.example is not below a domain of mail_domains or "
                "mail_sending_domains, so SPF would not align (RFC 7489 section 3.1.2); write a "
                "name like 'bounces.harbor.example'"
            ),
        ),
        (
            {"secret": "hunter2"},
            (
                "secret: the value (masked here) is not a reference to a secret; write "
                "env(...), file(...) or command(...)"
            ),
        ),
        (
            {"secret": command("echo", "short")},
            (
                'secret: the secret command("echo", …) has 5 characters, and at least 32 are '
                "needed; write one from 'openssl rand -hex 32'"
            ),
        ),
        (
            {"secret": command("false")},
            (
                'secret: the secret command("false") cannot be read: the command failed with '
                "status 1; run it by hand"
            ),
        ),
        (
            {"addresses": ["203.0.113.11"]},
            (
                "addresses: 203.0.113.11 is in mail_addresses too, by which ordinary mail "
                "leaves; remove it from one of them"
            ),
        ),
        (
            {"addresses": ["2001:db8:25::41"]},
            "addresses has no IPv4 address, and most servers have no other; add one",
        ),
        (
            {"queue_days": 31},
            "queue_days: the value (masked here) is too large; write at most 30",
        ),
        (
            {"database": command("echo", "db.example.org")},
            (
                'database: the secret command("echo", …) is not the URL of a PostgreSQL database; '
                "write one like 'postgresql://bulk:PASSWORD@db.example.org/bulk'"
            ),
        ),
        (
            {"webhook": {"url": "http://shop.example.net", "secret": STREAM["secret"]}},
            (
                "webhook.url: 'http://shop.example.net' is not an https:// URL; write one like "
                "'https://acme.example.org/directory'"
            ),
        ),
        (
            {"soft_bounces": 1},
            "soft_bounces: the value (masked here) is too small; write at least 2",
        ),
        ({"adresses": []}, "adresses is not a key; remove it, or see docs/settings.md"),
    ],
)
def test_a_mistake_gets_one_sentence(own: dict[str, Any], sentence: str) -> None:
    assert said(**own) == f"mx1: mail_bulk.{sentence}"


@pytest.mark.parametrize(
    ("main", "sentence"),
    [
        (
            {"mua_recipient_restrictions": "permit_sasl_authenticated, reject"},
            (
                "mail_bulk has no effect at submission/inet, where own settings of Postfix replace "
                f"smtpd_recipient_restrictions; begin them with '{BULK_ACCOUNTS}'"
            ),
        ),
        (
            {"inet_interfaces": "[2001:db8:25::11]"},
            (
                "mail_bulk brings mail for the host to an IPv4 address of it, and inet_interfaces "
                "in mail_postfix_main is '[2001:db8:25::11]'; add one, or write 'all'"
            ),
        ),
    ],
)
def test_own_settings_of_postfix_do_not_lead_bulk_mail_away(
    main: dict[str, str], sentence: str
) -> None:
    assert f"mx1: {sentence}" in said({"mail_postfix_main": main})


@pytest.mark.parametrize(
    ("interfaces", "address"),
    [
        ("all", "127.0.0.3"),
        ("203.0.113.11, [2001:db8:25::11]", "203.0.113.11"),
        ("127.0.0.1, 203.0.113.11, [2001:db8:25::11]", "203.0.113.11"),
    ],
)
def test_the_bulk_instance_reaches_the_main_one_where_it_listens(
    interfaces: str, address: str
) -> None:
    (host,) = good({"mail_postfix_main": {"inet_interfaces": interfaces}}).hosts

    assert host.main_address == address


def test_bulk_mail_has_a_relay_of_its_own_where_relays_are_by_sender() -> None:
    relay = {"@harbor.example": "relay.example:587"}

    assert said({"mail_relay": relay}) == (
        "mx1: mail_relay has '@harbor.example', and the sender of bulk mail is an address of "
        "bounces.harbor.example; write the relay of '@bounces.harbor.example' too, or None"
    )
    for own in ({"@bounces.harbor.example": one} for one in ("relay.example:587", None)):
        assert good({"mail_relay": relay | own}).hosts
    assert good({"mail_relay": "relay.example:587"}).hosts


def test_own_restrictions_that_begin_with_the_bulk_accounts_are_accepted() -> None:
    own = f"{BULK_ACCOUNTS}, permit_sasl_authenticated, reject"

    assert good({"mail_postfix_main": {"mua_recipient_restrictions": own}}).hosts


def two(secret: Secret, database: Secret | None = None) -> Fleet:
    """Return two hosts whose bounces go to one domain."""
    second = MX2 | {"mail_domains": ["harbor.example"]} | ACCOUNTS
    return fleet_from(
        {
            "mx1": MX1 | ACCOUNTS | {"mail_bulk": STREAM},
            "mx2": second | {"mail_bulk": STREAM | {"secret": secret, "database": database}},
        },
        {},
    )


def test_hosts_of_one_stream_have_one_secret() -> None:
    assert two(STREAM["secret"]).hosts
    with pytest.raises(MailError) as refused:
        two(command("echo", "y" * 32))
    assert (
        "mx2: mail_bulk.secret is not that of mx1, and both get the bounces of "
        "bounces.harbor.example; write the same reference for both"
    ) in str(refused.value)


def test_hosts_of_one_stream_have_one_database() -> None:
    with pytest.raises(MailError, match=r"mx2: mail_bulk\.database is not that of mx1, and both"):
        two(STREAM["secret"], command("echo", "postgresql://db/bulk"))


def listed(fleet: Fleet, *words: str) -> list[str]:
    return [
        f"{one.name} {one.type} {', '.join(one.values)}"
        for one in records_for(fleet, [host.inventory_name for host in fleet.hosts])
        if any(word in f"{one.name} {' '.join(one.values)}" for word in words)
    ]


def test_the_bounces_come_back_to_the_hosts_of_the_stream_which_alone_send_them() -> None:
    assert listed(two(STREAM["secret"]), "bounces.") == [
        "bounces.harbor.example MX 10 mx1.harbor.example., 10 mx2.orchard.example.",
        "bounces.harbor.example TXT v=spf1 a:mx1.harbor.example a:mx2.orchard.example -all",
    ]


def test_own_addresses_have_a_name_that_leads_back_and_policies_that_permit_them() -> None:
    pointer = "1.4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.2.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    assert listed(good(addresses=OWN_ADDRESSES), "bulk.", "bounces.") == [
        "harbor.example TXT v=spf1 mx a:bulk.mx1.harbor.example ~all",
        "bulk.mx1.harbor.example A 203.0.113.41",
        "bulk.mx1.harbor.example AAAA 2001:db8:25::41",
        "41.113.0.203.in-addr.arpa PTR bulk.mx1.harbor.example.",
        f"{pointer} PTR bulk.mx1.harbor.example.",
        "bulk.mx1.harbor.example TXT v=spf1 a -all",
        "bounces.harbor.example MX 10 mx1.harbor.example.",
        "bounces.harbor.example TXT v=spf1 a:bulk.mx1.harbor.example -all",
    ]


def test_records_of_a_stream_are_in_zones_that_a_run_plans() -> None:
    (host,) = good(addresses=OWN_ADDRESSES).hosts

    assert {"bounces.harbor.example", "41.113.0.203.in-addr.arpa"} <= {*host.published_names}
    assert "41.113.0.203.in-addr.arpa" not in good().hosts[0].published_names


def test_the_instance_is_a_service_of_hosts_with_a_stream_alone() -> None:
    (with_stream,), (without,) = good().hosts, fleet_from({"mx1": MX1 | ACCOUNTS}, {}).hosts

    assert units.POSTFIX_BULK in units.required_units(with_stream)
    assert units.POSTFIX_BULK not in units.required_units(without)
    assert units.local_ports(with_stream) - units.local_ports(without) == {10587}
    assert units.public_ports(with_stream) == units.public_ports(without)


@pytest.mark.parametrize(
    ("tls", "own", "name"),
    [
        ("acme", {}, "unsubscribe.mx1.harbor.example"),
        ("acme", {"one_click": False}, ""),
        ("self-signed", {}, ""),
    ],
)
def test_a_host_with_verifiable_certificates_unsubscribes_at_a_name_of_its_own(
    tls: str, own: dict[str, Any], name: str
) -> None:
    fleet = good({"mail_tls": tls}, **own)
    (host,) = fleet.hosts

    assert host.one_click_name == name
    assert host.site_names == ((name,) if name else ())
    assert (units.NGINX in units.required_units(host)) == bool(name)
    caa = f'{name} CAA 0 issue "letsencrypt.org"'
    addresses = [f"{name} A 203.0.113.11", f"{name} AAAA 2001:db8:25::11"]
    assert sorted(listed(fleet, "unsubscribe.")) == ([*addresses, caa] if name else [])


def test_a_name_for_unsubscribing_without_a_certificate_is_a_mistake() -> None:
    files = {"mail_tls": "files", "mail_tls_files": {"mx1.harbor.example": "/etc/ssl/mx1.pem"}}

    assert said(files) == (
        "mx1: mail_tls_files.unsubscribe.mx1.harbor.example is missing, and mail_tls is 'files'; "
        "name the files of its key and its certificate"
    )
    assert good(files, one_click=False).hosts


def test_a_name_for_unsubscribing_is_not_longer_than_a_name_may_be() -> None:
    long = f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 50}.harbor.example"

    assert said({"mail_tls": "acme", "mail_hostname": long}).endswith(
        "has more than 253 octets; write False in mail_bulk.one_click"
    )
