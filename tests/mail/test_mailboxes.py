"""Mailboxes: their recipients and logins, and the addresses that cannot be one."""

from typing import Any

import pytest

from deploys.mail import units
from deploys.mail.errors import MailError
from deploys.mail.records import records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from deploys.mail.srv import Srv
from tests.mail.test_settings import MX1

HASH = "$6$" + "a" * 8 + "$" + "b" * 86
ANNA, BERT = "anna@harbor.example", "bert@harbor.example"
BOX = {"password": HASH}
OTHER_DOMAIN = {"mail_domains": ["harbor.example", "pier.example"]}


def good(mailboxes: Any, **data: Any) -> MailSettings:
    """Return the settings of a host with mailboxes."""
    return fleet_from({"mx1": MX1 | {"mail_mailboxes": mailboxes} | data}, {}).hosts[0]


def said(mailboxes: Any, **data: Any) -> str:
    """Return the message for a host with mistakes in its mailboxes."""
    with pytest.raises(MailError) as refused:
        good(mailboxes, **data)
    return str(refused.value)


@pytest.mark.parametrize(
    ("data", "address", "ends"),
    [
        ({}, ANNA, (ANNA,)),
        ({}, "a.smith@harbor.example", (ANNA,)),
        ({}, "postmaster@harbor.example", ("root",)),
        ({"mail_aliases": {"info": "anna"}}, "info@harbor.example", (ANNA,)),
        ({"mail_aliases": {"info": [ANNA, "root"]}}, "info@harbor.example", (ANNA, "root")),
        ({"mail_aliases": {"info": "a.smith"}}, "info@harbor.example", (ANNA,)),
        ({"mail_aliases": {"postmaster": ANNA}}, "postmaster@harbor.example", (ANNA,)),
        (
            {"mail_aliases": {"anna@pier.example": "anna"}} | OTHER_DOMAIN,
            "anna@pier.example",
            ("anna",),
        ),
    ],
)
def test_mail_of_a_recipient_ends_in_a_mailbox(
    data: dict[str, Any], address: str, ends: tuple[str, ...]
) -> None:
    host = good({ANNA: BOX | {"aliases": "A.Smith@harbor.example"}}, **data)

    assert host.recipients.ends[address] == ends


def test_a_mailbox_sends_from_its_own_addresses() -> None:
    host = good({ANNA: BOX | {"aliases": ["sales@harbor.example"]}})

    assert host.logins[ANNA].senders == (ANNA, "sales@harbor.example")
    assert host.account_domains == {"harbor.example"}
    assert host.counted_rate == "2000/1d"


@pytest.mark.parametrize(
    ("mailboxes", "data", "sentence"),
    [
        (
            {"anna@elsewhere.example": BOX},
            {},
            (
                "mx1: mail_mailboxes.anna@elsewhere.example: anna@elsewhere.example is not in a "
                "domain of mail_domains; add the domain, or correct the address"
            ),
        ),
        (
            {ANNA: BOX | {"aliases": ["a@elsewhere.example"]}},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example: a@elsewhere.example is not in a domain "
                "of mail_domains; add the domain, or correct the address"
            ),
        ),
        (
            {ANNA: BOX},
            {"mail_accounts": {ANNA: BOX}},
            (
                "mx1: mail_mailboxes.anna@harbor.example is in mail_accounts too; remove it there, "
                "as a mailbox may send with its own login"
            ),
        ),
        (
            {ANNA: BOX},
            {"mail_aliases": {ANNA: "root"}},
            (
                "mx1: mail_mailboxes.anna@harbor.example: anna@harbor.example is in mail_aliases "
                "too; remove it from one of them"
            ),
        ),
        (
            {ANNA: BOX},
            {"mail_aliases": {"anna": "root"}},
            (
                "mx1: mail_mailboxes.anna@harbor.example: anna in mail_aliases counts for every "
                "domain, and anna@harbor.example is a mailbox; write the alias for each other "
                "domain, or remove it"
            ),
        ),
        (
            {ANNA: BOX | {"aliases": ["info@harbor.example"]}},
            {"mail_aliases": {"info@harbor.example": "root"}},
            (
                "mx1: mail_mailboxes.anna@harbor.example: info@harbor.example is in mail_aliases "
                "too; remove it from one of them"
            ),
        ),
        (
            {ANNA: BOX | {"aliases": [BERT]}, BERT: BOX},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example.aliases: bert@harbor.example is a "
                "mailbox; remove it from one of the two"
            ),
        ),
        (
            {one: BOX | {"aliases": ["info@harbor.example"]} for one in (ANNA, BERT)},
            {},
            (
                "mx1: mail_mailboxes.bert@harbor.example.aliases: info@harbor.example is an alias "
                "of anna@harbor.example too; write it in mail_aliases with both as its targets"
            ),
        ),
        (
            {"anna+x@harbor.example": BOX},
            {},
            (
                "mx1: mail_mailboxes.anna+x@harbor.example: 'anna+x@harbor.example' cannot be a "
                "mailbox; use only letters, digits, '.', '-' and '_' before the @"
            ),
        ),
        (
            {"a/b@harbor.example": BOX},
            {},
            (
                "mx1: mail_mailboxes.a/b@harbor.example: 'a/b@harbor.example' cannot be a "
                "mailbox; use only letters, digits, '.', '-' and '_' before the @"
            ),
        ),
        (
            {ANNA: BOX | {"quota": "2GB!"}},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example.quota: '2GB!' is not a size; write "
                "octets, or a text like '25M'"
            ),
        ),
        (
            {ANNA: BOX | {"quota": "2"}},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example.quota: the value (masked here) is too "
                "small; write at least 1048576"
            ),
        ),
        (
            {ANNA: BOX | {"sieve": "/srv/anna.sieve"}},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example.sieve: '/srv/anna.sieve' is not a script "
                "of Sieve; write the script itself, such as Path('vacation.sieve').read_text()"
            ),
        ),
        *(
            (
                {},
                {f"mail_{key}": True},
                (
                    f"mx1: mail_{key} has no effect without mail_mailboxes; add one, or remove "
                    f"mail_{key}"
                ),
            )
            for key in ("managesieve", "pop3", "imap_starttls")
        ),
        (
            {ANNA: {}},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example.password is missing; it has no default, "
                "so write it"
            ),
        ),
        (
            {ANNA: {"password": HASH, "quoat": "2G"}},
            {},
            (
                "mx1: mail_mailboxes.anna@harbor.example.quoat is not a key; remove it, or see "
                "docs/settings.md"
            ),
        ),
        (
            {ANNA: BOX},
            {"mail_aliases": {"info": BERT}},
            (
                "mx1: mail_aliases: info@harbor.example leads to bert@harbor.example, which is not "
                "a recipient of mx1; write a user of the host, a recipient, or an address elsewhere"
            ),
        ),
    ],
)
def test_a_mistake_is_one_sentence(mailboxes: Any, data: dict[str, Any], sentence: str) -> None:
    assert said(mailboxes, **data) == sentence


def test_a_password_in_plain_text_is_a_mistake_and_not_repeated() -> None:
    message = said({ANNA: {"password": "hunter2"}})

    assert "mail_mailboxes.anna@harbor.example.password: the value (masked here)" in message
    assert "hunter2" not in message


def test_ten_thousand_mailboxes_with_aliases_lead_to_their_ends() -> None:
    many = {
        f"user{number}@harbor.example": {
            "password": HASH,
            "aliases": [f"alias{number}@harbor.example"],
        }
        for number in range(10_000)
    }
    host = good(
        many, mail_aliases={f"team{one}": [f"user{one}", "user0"] for one in range(1, 1001)}
    )

    ends = host.recipients.ends
    assert ends["alias9999@harbor.example"] == ("user9999@harbor.example",)
    assert ends["team7@harbor.example"] == ("user7@harbor.example", "user0@harbor.example")
    assert len(host.recipients.mailboxes) == len(host.logins) == 10_000


def test_a_copy_with_other_values_keeps_nothing_that_follows_from_the_earlier_ones() -> None:
    host = good({ANNA: BOX})
    assert ANNA in host.recipients.ends

    copied = host.model_copy(update={"mailboxes": {}})
    assert ANNA not in copied.recipients.ends
    assert ANNA not in copied.logins
    assert ANNA in host.logins


def test_ports_and_records_follow_from_what_is_offered() -> None:
    wanted = {"mail_managesieve": True, "mail_pop3": True, "mail_imap_starttls": True}
    plain, every = good({ANNA: BOX}), good({ANNA: BOX}, **wanted)

    assert units.public_ports(plain) == {25, 465, 587, 993}
    assert units.public_ports(every) == {25, 143, 465, 587, 993, 995, 4190}
    assert services(plain) == {
        "_submissions": 465,
        "_submission": 587,
        "_imaps": 993,
        "_imap": 0,
        "_pop3s": 0,
        "_pop3": 0,
    }
    assert services(every) == {
        "_submissions": 465,
        "_submission": 587,
        "_imaps": 993,
        "_imap": 143,
        "_pop3s": 995,
        "_pop3": 0,
    }


def services(host: MailSettings) -> dict[str, int]:
    """Return the port of each service with an SRV record; 0 says that it is not offered."""
    found = records_for(Fleet(hosts=(host,)), ("mx1",))
    return {
        one.name.partition(".")[0]: Srv.parse(one.values[0]).port
        for one in found
        if one.type == "SRV"
    }
