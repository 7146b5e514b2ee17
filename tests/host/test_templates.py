"""Postfix, Dovecot and fail2ban: rendered templates against golden files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import pytest

from deploys.host.model.plan import configuration
from deploys.host.services import dovecot, fail2ban, null_client, postfix
from deploys.host.services.plan_input import plan_input
from deploys.mail.settings import dkim_keys
from deploys.mail.settings.secret import command
from tests.conftest import Golden
from tests.host.found import bare, client, settings

HASH = "{SHA512-CRYPT}$6$" + "a" * 8 + "$" + "b" * 86
ACCOUNTS = {
    "mail_aliases": {"anna": "root", "office": "root"},
    "mail_accounts": {
        "anna@harbor.example": {
            "password": HASH,
            "senders": ["anna@harbor.example", "office@harbor.example"],
        },
        "office@harbor.example": {"password": HASH},
    },
}
VERSIONS = {"3.7": (3, 7, 11), "3.10": (3, 10, 13)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_plain_host_is_configured_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    golden(f"{version}/{name}", postfix.render(settings(), VERSIONS[version], name))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_null_client_is_configured_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    golden(f"client/{version}/{name}", null_client.render(client(), VERSIONS[version], name))


def test_a_client_speaks_starttls_at_any_port_but_465() -> None:
    rendered = null_client.render(client(mail_relay="mx1.harbor.example:587"), (3, 7), "main.cf")

    assert "relayhost = [mx1.harbor.example]:587\n" in rendered
    assert "wrappermode" not in rendered


@pytest.mark.parametrize(("ipv6", "written"), [(("::1",), False), ((), True)])
def test_postfix_uses_ipv4_alone_where_ipv6_is_switched_off(
    *, ipv6: tuple[str, ...], written: bool
) -> None:
    for own, module in ((settings(), postfix), (client(), null_client)):
        inputs = plan_input(own, replace(bare(own=own), ipv6=ipv6))
        main = next(file for file in module.service(own, inputs).files if "main.cf" in file.path)
        assert ("\ninet_protocols = ipv4\n" in main.content) is written


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_host_with_accounts_is_configured_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    rendered = postfix.render(settings(**ACCOUNTS), VERSIONS[version], name)

    golden(f"{version}/accounts/{name}", rendered)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_host_with_relays_is_configured_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    table = {
        "*": "smtp.relay.example:465",
        "@harbor.example": {"host": "smtp.other.example:25", "tls": "may"},
        "partner.example": "direct",
    }
    login = {"mail_relay_login": "app", "mail_relay_password": command("echo", "open sesame")}
    own = settings(mail_relay=table, mail_relay_ca=certifi.where(), **login)

    rendered = postfix.render(own, VERSIONS[version], name)

    golden(f"{version}/relay/{name}", rendered)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf"])
def test_a_host_with_postscreen_is_configured_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    own = settings(mail_postscreen=True, mail_postscreen_dnsbl=["zen.spamhaus.org"])

    golden(f"{version}/postscreen/{name}", postfix.render(own, VERSIONS[version], name))


def test_postscreen_speaks_tls_as_smtpd_does() -> None:
    own = settings(mail_postscreen=True, mail_tls_profile="interoperable")
    lines = postfix.render(own, (3, 10), "master.cf").splitlines()

    (server,) = (one for one in lines if one.startswith("smtpd pass "))
    (proxy,) = (one for one in lines if one.startswith("tlsproxy unix "))
    assert {one.split()[-1] for one in (server, proxy)} == {"tls_config_name=interoperable"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["main.cf", "master.cf", "forward", "virtual", "relay_domains"])
def test_a_host_that_passes_mail_on_is_configured_as_the_golden_file_says(
    version: str, name: str, golden: Golden
) -> None:
    own = settings(
        mail_aliases={
            "office": ["root", "bert@far.example", "anna@listed.example"],
            "bert": "bert@far.example",
        },
        mail_relay_domains={
            "listed.example": {"to": "[10.0.0.7]:2525", "recipients": ["anna", "info"]},
            "asked.example": {"to": "[mail.inside.example]", "recipients": "verify"},
        },
    )
    release = "13" if version == "3.10" else "12"
    desired = postfix.service(own, plan_input(own, bare(release, own)))

    path = f"/etc/postfix/{name}"
    golden(
        f"{version}/forward/{name}", next(one.content for one in desired.set if one.path == path)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_the_other_files_of_postfix_are_as_the_golden_files_say(
    version: str, golden: Golden
) -> None:
    for file in postfix.other_files(settings(**ACCOUNTS), VERSIONS[version]):
        golden(f"{version}/accounts/{Path(file.path).name}", file.content)


@pytest.mark.parametrize(
    ("own", "locks"),
    [
        ({}, ["/var/mail/root.lock"]),
        (
            {"mail_aliases": {"anna": "anna", "sales": ["anna", "bob@elsewhere.example"]}},
            ["/var/mail/root.lock", "/var/mail/anna.lock"],
        ),
        (
            {"mail_postfix_main": {"mail_spool_directory": "/srv/mail/"}},
            ["/srv/mail/root.lock"],
        ),
    ],
)
def test_the_locks_of_mailboxes_are_removed_when_the_host_starts(
    own: dict[str, Any], locks: list[str]
) -> None:
    lines = postfix.locks(settings(**own)).content.splitlines()

    assert [line for line in lines if not line.startswith("#")] == [f"r! {one}" for one in locks]


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_dovecot_is_configured_as_the_golden_file_says(version: str, golden: Golden) -> None:
    own = {"auth_verbose": True, "service auth": {"client_limit": 500}}
    numbers = tuple(map(int, version.split(".")))

    rendered = dovecot.configuration(settings(**ACCOUNTS, mail_dovecot=own), numbers)

    golden(f"dovecot/{version}.conf", rendered)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_jail_is_as_the_golden_file_says(version: str, golden: Golden) -> None:
    own = settings(**ACCOUNTS, mail_networks=["198.51.100.0/24"])

    rendered = fail2ban.jail(own, tuple(map(int, version.split("."))))

    golden(f"fail2ban/{version}.conf", rendered)


def test_a_sender_address_may_have_several_logins() -> None:
    (table,) = (
        table for table in postfix.tables(settings(**ACCOUNTS)) if table.path == postfix.SENDERS
    )

    assert table.entries == {
        "anna@harbor.example": "anna@harbor.example",
        "office@harbor.example": "anna@harbor.example, office@harbor.example",
    }


def test_texts_of_the_operator_replace_ours_in_a_bounce() -> None:
    own = settings(mail_bounce_texts={"failure": "Leider unzustellbar. Grüße, $myhostname"})

    bounce = next(postfix.other_files(own, (3, 7, 11))).content

    assert "Charset: utf-8\n" in bounce
    assert "\nLeider unzustellbar. Grüße, $myhostname\n" in bounce
    assert "Your message could not be delivered" not in bounce
    assert bounce.count("Charset: us-ascii") == 3


def test_the_hash_of_a_password_is_never_printed() -> None:
    own = settings(**ACCOUNTS)
    service = dovecot.service(own, plan_input(own, bare(own=own)))

    shown = "\n".join(
        line for change in configuration(service, bare(own=own)) for line in change.diff()
    )
    assert "$6$" in next(file.content for file in service.files if file.path == dovecot.ACCOUNTS)
    assert "$6$" not in shown + repr(own) + repr(service)


@pytest.mark.parametrize(
    ("days", "lines"),
    [(5, []), (2, ["maximal_queue_lifetime = 2d", "bounce_queue_lifetime = 2d"])],
)
def test_lifetimes_of_the_queue_are_written_if_they_differ_from_postfixs_own(
    days: int, lines: list[str]
) -> None:
    rendered = postfix.render(settings(mail_queue_days=days), (3, 10, 13), "main.cf")

    assert [line for line in rendered.splitlines() if "queue_lifetime" in line] == lines


def test_a_domain_that_others_receive_mail_for_is_signed_and_not_received() -> None:
    own = settings(mail_sending_domains=["other.example"])
    rendered = postfix.render(own, (3, 10, 13), "main.cf")

    assert "virtual_alias_domains = harbor.example\n" in rendered
    assert "other.example" not in rendered
    assert "other.example" in dkim_keys.signing_domains(own)


def test_an_own_parameter_replaces_ours_and_is_marked() -> None:
    rendered = postfix.render(
        settings(mail_postfix_main={"mynetworks": "[::1]"}), (3, 10, 13), "main.cf"
    )

    assert "# mail_postfix_main:\nmynetworks = [::1]\n" in rendered
    assert rendered.count("\nmynetworks = ") == 1


def test_an_own_parameter_that_we_do_not_write_is_at_the_end() -> None:
    rendered = postfix.render(
        settings(mail_postfix_main={"soft_bounce": True}), (3, 10, 13), "main.cf"
    )

    assert rendered.endswith("# From mail_postfix_main.\nsoft_bounce = yes\n")


def test_a_service_can_be_added_changed_and_removed() -> None:
    own = {"smtp/inet": "n - n - 90 smtpd", "flush/unix": None, "bulk/unix": "- - y - - smtp"}

    rendered = postfix.render(settings(mail_postfix_master=own), (3, 7, 11), "master.cf")

    assert "# mail_postfix_master:\nsmtp inet n - n - 90 smtpd\n" in rendered
    assert "# mail_postfix_master:\nbulk unix - - y - - smtp\n" in rendered
    assert "flush unix" not in rendered


def test_trusted_networks_are_written_as_postfix_wants_them() -> None:
    own = settings(mail_networks=["198.51.100.0/24", "2001:db8:51::/64"])

    line = next(
        line
        for line in postfix.render(own, (3, 7, 11), "main.cf").splitlines()
        if line.startswith("mynetworks")
    )

    assert line.endswith("[::1]/128, 198.51.100.0/24, [2001:db8:51::]/64")


def test_old_peers_get_old_signatures_on_port_25_alone() -> None:
    own = settings(**ACCOUNTS, mail_tls_profile="interoperable")
    lines = postfix.render(own, VERSIONS["3.7"], "master.cf").splitlines()
    names = {line.split()[0]: line for line in lines if " smtpd " in line}

    assert "tls_config_name=interoperable" in names["smtp"]
    assert "tls_config_name=strict" in names["submission"]
    assert "tls_config_name=strict" in names["submissions"]
