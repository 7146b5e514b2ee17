"""Judgement of incoming mail: which hosts judge, by what scores, and with which exceptions."""

from typing import Any

import pytest

from deploys.mail import units
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings
from deploys.mail.settings.values.filter import Filter
from tests.mail.test_settings import MX1

BOX = {"mail_mailboxes": {"anna@harbor.example": {"password": "$6$" + "a" * 8 + "$" + "b" * 86}}}


def host(**data: Any) -> MailSettings:
    return fleet_from({"mx1": MX1 | data}, {}).hosts[0]


@pytest.mark.parametrize(
    ("data", "judgement"),
    [
        ({}, None),
        (BOX, Filter()),
        (BOX | {"mail_filter": None}, Filter()),
        (BOX | {"mail_filter": False}, None),
        (BOX | {"mail_filter": {"enabled": False, "junk": 5}}, None),
        ({"mail_filter": True}, Filter()),
        ({"mail_filter": {}}, Filter()),
        ({"mail_filter": {"junk": 5}}, Filter(junk=5.0)),
        ({"mail_filter": {"greylist": True}}, Filter(greylist=4.0)),
        ({"mail_filter": {"greylist": False}}, Filter()),
        ({"mail_filter": {"greylist": 3.5}}, Filter(greylist=3.5)),
    ],
)
def test_a_host_with_mailboxes_judges_unless_its_operator_says_no(
    data: dict[str, Any], judgement: Filter | None
) -> None:
    assert host(**data).judgement == judgement


def test_an_exception_is_a_domain_or_a_network() -> None:
    own = ["Lists.Example.net", "192.0.2.7", "192.0.2.0/24", "2001:db8::/48"]
    found = host(mail_filter={"dmarc_except": own}).judgement

    assert found
    assert found.trusted_domains == ("lists.example.net",)
    assert found.trusted_networks == {"192.0.2.7": 32, "192.0.2.0": 24, "2001:db8::": 48}


@pytest.mark.parametrize(
    ("data", "learns"),
    [
        (BOX, False),
        (BOX | {"mail_filter": {"junk": 5}}, False),
        (BOX | {"mail_filter": {"bayes": True}}, True),
        (BOX | {"mail_filter": {"bayes": True, "enabled": False}}, False),
    ],
)
def test_moves_into_junk_and_out_of_it_teach_only_where_it_is_asked_for(
    data: dict[str, Any], *, learns: bool
) -> None:
    own = host(**data)

    assert own.learns == learns
    assert (units.LEARNER in units.required_units(own)) == learns


@pytest.mark.parametrize(
    ("own", "wanted"),
    [({}, False), ({"mail_filter": True}, False), ({"mail_filter": {"greylist": True}}, True)],
)
def test_senders_that_come_again_are_remembered_in_redis(
    own: dict[str, Any], *, wanted: bool
) -> None:
    assert units.service(host(**own), "redis").wanted == wanted
