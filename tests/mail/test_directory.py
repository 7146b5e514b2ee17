"""A directory of mailboxes: its settings, what Postfix asks it, and what its answers mean."""

from typing import Any

import pytest

from deploys.mail import directory, units
from deploys.mail.directory_answers import fix, reason
from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings
from deploys.mail.settings.secret import command
from tests.mail.test_settings import MX1

HASH = "$6$" + "a" * 8 + "$" + "b" * 86
PROBE = {"probe@harbor.example": {"password": HASH}}
DATABASE: dict[str, Any] = {
    "class": "postgresql",
    "host": "db.harbor.example",
    "database": "mail",
    "user": "reader",
    "password": command("echo", "pa:ss\\word"),
}


def good(**data: Any) -> MailSettings:
    """Return the settings of a host with a directory."""
    own = {"mail_directory": DATABASE, "mail_mailboxes": PROBE}
    return fleet_from({"mx1": MX1 | own | data}, {}).hosts[0]


def said(**data: Any) -> str:
    """Return the message for a host with mistakes in its directory."""
    with pytest.raises(MailError) as refused:
        good(**data)
    return str(refused.value)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"class": "ldap"},
            "mx1: mail_directory.class: the value (masked here) is not allowed; write 'postgresql'",
        ),
        (
            {"host": "localhost"},
            (
                "mx1: mail_directory.host: 'localhost' is not a domain name; write one like "
                "'example.org'"
            ),
        ),
        (
            {"password": "secret"},
            (
                "mx1: mail_directory.password: the value (masked here) is not a reference to a "
                "secret; write env(...), file(...) or command(...)"
            ),
        ),
        (
            {"user": "x'; DROP"},
            (
                'mx1: mail_directory.user: "x\'; DROP" is not the name of a user; write one like '
                "'mail'"
            ),
        ),
        (
            {"database": ""},
            "mx1: mail_directory.database: '' is not the name of a database; write one like 'mail'",
        ),
        (
            {"port": 0},
            "mx1: mail_directory.port: the value (masked here) is too small; write more than 0",
        ),
        (
            {"password": command("printf", "a\nb")},
            "mx1: mail_directory.password has several lines; write one line",
        ),
        (
            {"password": command("echo", " x")},
            "mx1: mail_directory.password begins or ends with a space; choose another password",
        ),
        (
            {"table": "x"},
            "mx1: mail_directory.table is not a key; remove it, or see docs/settings.md",
        ),
    ],
)
def test_a_wrong_value_has_a_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert said(mail_directory=DATABASE | changed) == sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            {"mail_mailboxes": {}},
            (
                "mx1: mail_directory needs a mailbox of the inventory, with which the preflight "
                "and the proof test the host; add one to mail_mailboxes, like "
                "'probe@harbor.example'"
            ),
        ),
        (
            {"mail_postfix_main": {"virtual_mailbox_maps": "lmdb:/etc/postfix/mailboxes"}},
            (
                "mx1: mail_postfix_main.virtual_mailbox_maps replaces the table with which "
                "mail_directory is asked; end it with "
                "'proxy:pgsql:/etc/postfix/directory_mailboxes'"
            ),
        ),
        (
            {"mail_postfix_main": {"transport_maps": "lmdb:/etc/postfix/transport"}},
            (
                "mx1: mail_postfix_main.transport_maps replaces the table of forwarded mail, and "
                "an alias of mail_directory leads elsewhere; begin it with "
                "'inline:{ {forward.invalid = forward:[127.0.0.1]:10588} }'"
            ),
        ),
    ],
)
def test_what_cannot_work_with_a_directory_is_refused(data: dict[str, Any], sentence: str) -> None:
    assert said(**data) == sentence


def test_another_host_of_its_domain_would_not_know_its_mailboxes() -> None:
    other = {
        "mail_hostname": "mx2.harbor.example",
        "mail_addresses": ["203.0.113.12"],
        "mail_domains": ["harbor.example"],
    }
    own = {"mail_directory": DATABASE, "mail_mailboxes": PROBE}

    with pytest.raises(MailError) as refused:
        fleet_from({"mx1": MX1 | own, "mx2": other}, {})

    assert str(refused.value) == (
        "mx1: mail_directory has mailboxes of harbor.example, and mx2 would not know them; remove "
        "harbor.example from mail_domains of mx2, as a mailbox has one home"
    )


def test_the_directory_is_asked_after_the_tables_of_the_inventory() -> None:
    relay = {"pier.example": {"to": "[192.0.2.7]:25", "recipients": ["postmaster"]}}
    asked = {"quay.example": {"to": "[192.0.2.7]:25", "recipients": "verify"}}
    host = good(mail_relay_domains=relay | asked)

    assert {name: host.postfix_value(name) for name in host.directory_maps} == {
        "virtual_alias_maps": "lmdb:/etc/postfix/virtual, "
        "proxy:pgsql:/etc/postfix/directory_aliases",
        "virtual_mailbox_maps": "lmdb:/etc/postfix/mailboxes, "
        "proxy:pgsql:/etc/postfix/directory_mailboxes",
        "smtpd_sender_login_maps": "lmdb:/etc/postfix/senders, "
        "proxy:pgsql:/etc/postfix/directory_senders",
        "relay_recipient_maps": "lmdb:/etc/postfix/relay_domains, "
        "proxy:pgsql:/etc/postfix/directory_relayed",
    }
    assert host.directory_tables["/etc/postfix/directory_relayed"] == ("pier.example",)


def test_mail_for_a_target_that_is_no_address_waits() -> None:
    assert directory.WAY in good().postfix_value("transport_maps")
    assert directory.WAY == (
        "inline:{ {directory.invalid = retry:4.3.0 the directory has no valid target for this "
        "alias} }"
    )


def test_a_host_with_a_directory_has_its_packages_and_forwards() -> None:
    host = good()
    packages = {one.name: one.packages for one in units.services(host) if one.wanted}

    assert "postfix-pgsql" in packages["postfix"]
    assert "dovecot-pgsql" in packages["dovecot"]
    assert "postsrsd" in packages


def test_an_alias_of_the_inventory_may_lead_to_the_directory() -> None:
    host = good(mail_aliases={"office": "dora@harbor.example"})

    assert host.recipients.ends["office@harbor.example"] == ("dora@harbor.example",)
    assert host.recipients.forwards == ()


def test_an_account_may_send_from_an_address_of_the_directory() -> None:
    host = good(mail_accounts={"dora@harbor.example": {"password": HASH}})

    assert host.logins["dora@harbor.example"].senders == ("dora@harbor.example",)


def test_the_password_is_escaped_in_the_file_of_libpq() -> None:
    assert directory.password_file("pa:ss\\word") == "*:*:*:*:pa\\:ss\\\\word\n"


def test_tls_is_required_and_the_system_vouches_without_a_file() -> None:
    host = good()
    assert host.directory

    assert directory.connection(host.directory.session("/ca")) == (
        "dbname=mail sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt "
        "connect_timeout=3 tcp_user_timeout=6000 "
        "options='-c statement_timeout=3000 -c default_transaction_read_only=on'"
    )


# What postmap(1) of Postfix 3.7 and 3.10 says.
OF_HOST = "postmap: warning: pgsql query failed: fatal error from host x:5432: "
CONNECT = (
    "postmap: warning: connect to pgsql server x:5432: connection to server at "
    '"x" (192.0.2.5), port 5432 failed: '
)
CERTIFICATE = (
    "renew the certificate of the server if it has expired, or name a file that vouches for it in "
    "mail_directory.ca"
)
END = "\npostmap: fatal: table pgsql:/etc/postfix/directory_aliases: query error: Application error"


@pytest.mark.parametrize(
    ("output", "why", "advice"),
    [
        (
            f'{CONNECT}FATAL:  password authentication failed for user "mail"?password from{END}',
            'password authentication failed for user "mail"',
            "correct mail_directory.user and mail_directory.password",
        ),
        (
            f'{CONNECT}FATAL:  no pg_hba.conf entry for host "x", SSL encryption?{END}',
            'no pg_hba.conf entry for host "x", SSL encryption',
            "permit this host in pg_hba.conf of the server, with hostssl",
        ),
        (
            f"{CONNECT}could not find digest for NID UNDEF?{END}",
            "could not find digest for NID UNDEF",
            "sign the certificate of the server with ECDSA or RSA; libpq cannot use Ed25519",
        ),
        (
            f"{CONNECT}SSL error: certificate verify failed?{END}",
            "SSL error: certificate verify failed",
            CERTIFICATE,
        ),
        (
            f'{CONNECT}server certificate for "y" does not match host name "x"?{END}',
            'server certificate for "y" does not match host name "x"',
            "write mail_directory.host as the certificate names it",
        ),
        (
            f'{OF_HOST}ERROR:  relation "mail_mailboxes" does not exist?LINE 1: SELECT{END}',
            'relation "mail_mailboxes" does not exist',
            "make the tables as docs/directory.md has them",
        ),
        (
            f"{OF_HOST}ERROR:  permission denied for table mail_aliases?{END}",
            "permission denied for table mail_aliases",
            "permit the user of mail_directory to read the tables (GRANT SELECT)",
        ),
        (
            f"{CONNECT}Connection refused??Is the server running on that host?{END}",
            "Connection refused",
            "see that PostgreSQL runs there and that this host reaches it, then run again",
        ),
        (
            f"{OF_HOST}ERROR:  canceling statement due to statement timeout?{END}",
            "canceling statement due to statement timeout",
            "see that PostgreSQL runs there and that this host reaches it, then run again",
        ),
    ],
)
def test_a_failure_has_a_reason_and_a_fix(output: str, why: str, advice: str) -> None:
    assert reason(output).endswith(why)
    assert fix(reason(output)) == advice


def test_an_answer_has_no_reason() -> None:
    assert not reason("")
    assert not reason("\n")
