"""Backup MX and mailboxes with a home: who knows which recipients, and where their mail goes."""

from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.records import records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from tests.mail.test_settings import MX1, MX2

HASH = "$6$" + "a" * 8 + "$" + "b" * 86
BOX = {"password": HASH}
ANNA, BERT = "anna@harbor.example", "bert@harbor.example"
HOP1, HOP2 = "relay:[mx1.harbor.example]:25", "relay:[mx2.orchard.example]:25"
MX3 = {
    "mail_hostname": "mx3.harbor.example",
    "mail_addresses": ["203.0.113.13"],
    "mail_domains": ["harbor.example"],
}
ALSO = {"mail_domains": ["orchard.example", "harbor.example"]}
SECOND = ALSO | {"mail_mx": {"harbor.example": 20}}
PRIMARY = {
    "mail_mailboxes": {ANNA: BOX | {"aliases": ["sales@harbor.example"]}},
    "mail_aliases": {"info": "root"},
}
BACKUP = SECOND | {"mail_aliases": {"info": "root"}}


def fleet(first: dict[str, Any], second: dict[str, Any], **others: dict[str, Any]) -> Fleet:
    return fleet_from({"mx1": MX1 | first, "mx2": MX2 | second, **others}, {})


def said(first: dict[str, Any], second: dict[str, Any]) -> str:
    """Return the message for two hosts that do not agree."""
    with pytest.raises(MailError) as refused:
        fleet(first, second)
    return str(refused.value)


def backup(**data: Any) -> MailSettings:
    return fleet(PRIMARY, BACKUP | data).hosts[1]


def test_a_backup_knows_every_recipient_and_keeps_its_own_domain() -> None:
    mx1, mx2 = fleet(PRIMARY, BACKUP).hosts

    assert mx2.primaries == {"harbor.example": ("mx1.harbor.example",)}
    assert set(mx2.known_recipients["harbor.example"]) == {
        *("postmaster@harbor.example", "abuse@harbor.example", "info@harbor.example"),
        *(ANNA, "sales@harbor.example"),
    }
    assert set(mx2.known_recipients["harbor.example"]) == set(
        mx1.known_recipients["harbor.example"]
    )
    assert set(mx2.recipients.targets) == {
        *("postmaster@orchard.example", "abuse@orchard.example", "info@orchard.example")
    }
    assert mx2.postfix_value("relay_domains") == "harbor.example"
    assert mx2.postfix_value("virtual_alias_domains") == "orchard.example"
    assert mx2.handed_over == {"harbor.example": HOP1}
    assert not mx1.primaries
    assert not mx1.handed_over


def test_a_backup_takes_only_what_its_primary_takes_too() -> None:
    limited = fleet(PRIMARY | {"mail_message_size_limit": "10M"}, BACKUP).hosts[1]
    own = backup(mail_message_size_limit="5M")

    assert limited.largest_message == (10 << 20) - 8192
    assert own.largest_message == 5 << 20
    assert limited.knows_subaddresses
    assert limited.feeds_mailboxes
    assert not limited.knows_mailboxes


@pytest.mark.parametrize(
    ("data", "days"),
    [
        ({}, "5d"),
        ({"mail_backup_lifetime": 14}, "14d"),
        ({"mail_backup_lifetime": 3}, "5d"),
        ({"mail_queue_days": 10}, "10d"),
    ],
)
def test_a_backup_keeps_mail_for_days_and_warns_its_accounts_alone(
    data: dict[str, Any], days: str
) -> None:
    host = backup(
        mail_accounts={"app@orchard.example": BOX},
        mail_aliases={"info": "root", "app@orchard.example": "root"},
        **data,
    )

    assert host.postfix_value("maximal_queue_lifetime") == days
    assert host.postfix_value("delay_warning_time") == "0s"
    services = host.postfix_services
    assert services["submission-cleanup/unix"].endswith(" -o delay_warning_time=14400s")


def test_a_lifetime_has_no_effect_without_a_primary() -> None:
    host = fleet({"mail_backup_lifetime": 14}, {}).hosts[0]

    assert host.postfix_value("maximal_queue_lifetime") == "5d"


@pytest.mark.parametrize(
    ("networks", "milters", "limits"),
    [
        (
            [],
            "cidr:{ {203.0.113.12 DISABLE} }",
            "$mynetworks, 203.0.113.12",
        ),
        (["203.0.113.0/24"], "", "$mynetworks"),
    ],
)
def test_a_primary_judges_no_mail_of_its_backup_and_relays_none(
    networks: list[str], milters: str, limits: str
) -> None:
    mx1 = fleet(PRIMARY | {"mail_networks": networks}, BACKUP).hosts[0]

    assert mx1.postfix_value("smtpd_milter_maps") == milters
    assert mx1.postfix_value("smtpd_client_event_limit_exceptions") == limits
    assert mx1.postfix_value("smtpd_recipient_restrictions") == (
        "check_client_access cidr:{ {203.0.113.12 OK} }, reject_unknown_recipient_domain"
    )
    assert "OK" not in mx1.postfix_value("mua_recipient_restrictions")
    assert mx1.postfix_value("smtpd_relay_restrictions") == (
        "permit_mynetworks, reject_unauth_destination"
    )
    judged = mx1.postfix_services["submissions/inet"].endswith(" -o smtpd_milter_maps=")
    assert judged is bool(milters)


@pytest.mark.parametrize(
    ("data", "policies"),
    [
        ({}, {}),
        (
            {"mail_tls": "acme"},
            {"[mx1.harbor.example]:25": "secure"},
        ),
    ],
)
def test_the_certificate_of_a_primary_is_verified_where_everybody_trusts_it(
    data: dict[str, Any], policies: dict[str, str]
) -> None:
    assert fleet(PRIMARY | data, BACKUP).hosts[1].tls_policies == policies


def test_a_backup_hands_over_to_every_primary_and_to_no_other_backup() -> None:
    third = fleet({"mail_mx": 10}, SECOND | {"mail_mx": 20}, mx3=MX3 | {"mail_mx": 30}).host("mx3")
    equals = fleet({"mail_mx": 5}, ALSO | {"mail_mx": 5}, mx3=MX3).host("mx3")

    assert third.handed_over == {"harbor.example": HOP1}
    assert equals.handed_over == {"harbor.example": f"{HOP1}, [mx2.orchard.example]:25"}


def test_equal_hosts_without_mailboxes_hand_nothing_over() -> None:
    for host in fleet({}, ALSO).hosts:
        assert not host.handed_over
        assert not host.givers


def test_a_mailbox_has_one_home_and_the_other_host_knows_it() -> None:
    office = {"mail_aliases": {"office@harbor.example": ["anna", "bert"]}}
    mx1, mx2 = fleet(PRIMARY | office, ALSO | office | {"mail_mailboxes": {BERT: BOX}}).hosts

    assert mx1.handed_over == {BERT: HOP2}
    assert mx2.handed_over == {ANNA: HOP1}
    for host in (mx1, mx2):
        assert host.recipients.ends["office@harbor.example"] == (ANNA, BERT)
        assert host.recipients.ends["sales@harbor.example"] == (ANNA,)
        assert "harbor.example" in host.postfix_value("virtual_mailbox_domains")
        assert host.postfix_value("transport_maps") == "lmdb:/etc/postfix/hand_over"
        assert not host.recipients.forwards
    assert mx1.postfix_value("smtpd_recipient_restrictions") == (
        "check_client_access cidr:{ {203.0.113.12 mx_hosts} }, reject_unknown_recipient_domain"
    )
    assert mx1.postfix_value("smtpd_restriction_classes") == "mx_hosts"
    assert mx1.givers == ("203.0.113.12",)
    assert mx2.givers == ("203.0.113.11", "2001:db8:25::11")
    assert mx2.postfix_value("smtpd_client_event_limit_exceptions") == (
        "$mynetworks, 203.0.113.11, [2001:db8:25::11]"
    )


def test_records_follow_from_the_roles() -> None:
    records = records_for(fleet(PRIMARY, BACKUP), {"mx1", "mx2"})
    of = {(one.name, one.type): one.values for one in records}

    assert of["harbor.example", "MX"] == ("10 mx1.harbor.example.", "20 mx2.orchard.example.")
    assert of["harbor.example", "TXT"] == ("v=spf1 mx ~all",)
    assert of["_imaps._tcp.harbor.example", "SRV"] == ("0 1 993 mx1.harbor.example.",)


def test_no_record_sends_users_to_one_of_two_homes() -> None:
    own = fleet(PRIMARY, ALSO | {"mail_mailboxes": {BERT: BOX}, "mail_aliases": {"info": "root"}})
    names = {one.name for one in records_for(own, {"mx1", "mx2"}) if one.type == "SRV"}

    assert not names


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (
            PRIMARY,
            SECOND,
            (
                "mx2: mail_aliases has no info@harbor.example, which another MX of harbor.example "
                "has, so a part of that mail would be refused; write the same recipients for every "
                "MX of a domain, in group_data/mail.py"
            ),
        ),
        (
            {"mail_mailboxes": {ANNA: BOX}},
            ALSO | {"mail_mailboxes": {ANNA: BOX}},
            (
                "mx2: mail_mailboxes: anna@harbor.example is in mail_mailboxes of mx1 too, and a "
                "mailbox has one home; remove it from one of them\n    "
                "mx1: mail_mailboxes: anna@harbor.example is in mail_mailboxes of mx2 too, and a "
                "mailbox has one home; remove it from one of them"
            ),
        ),
        (
            {"mail_mailboxes": {ANNA: BOX}},
            ALSO | {"mail_aliases": {"anna": "root"}},
            ("mx2: mail_aliases: anna@harbor.example is in mail_mailboxes of mx1; remove it here"),
        ),
        (
            {"mail_mailboxes": {ANNA: BOX}, "mail_subaddress": False},
            ALSO,
            (
                "mx2: mail_subaddress is True, and False on mx1, which has mailboxes of its "
                "domains; write the same on both"
            ),
        ),
        (
            {"mail_mailboxes": {ANNA: BOX}, "mail_message_size_limit": 1 << 20},
            ALSO,
            (
                "mx2: mail_message_size_limit is 26214400, and 1048576 on mx1, which has mailboxes "
                "of its domains; write the same on both"
            ),
        ),
        (
            PRIMARY,
            BACKUP | {"mail_postfix_main": {"transport_maps": "lmdb:/etc/postfix/ways"}},
            (
                "mx2: mail_postfix_main.transport_maps replaces the table with which mail goes to "
                "the other hosts of a domain; begin it with lmdb:/etc/postfix/hand_over"
            ),
        ),
    ],
)
def test_hosts_that_disagree_are_refused(
    first: dict[str, Any], second: dict[str, Any], sentence: str
) -> None:
    assert said(first, second) == sentence
