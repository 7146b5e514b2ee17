"""Settings of a warm-up: its mistakes, the way of other mail, and its records."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import Fleet, MailSettings
from tests.mail.test_bulk import ACCOUNTS, STREAM, listed
from tests.mail.test_settings import MX1, MX2

WARM, NEW, OTHER = "203.0.113.41", "203.0.113.42", "203.0.113.43"
WARM6, NEW6 = "2001:db8:25::41", "2001:db8:25::42"
PLAN: dict[str, Any] = {"address": NEW, "start": "2026-12-01", "plan": [50, 100, 500]}


def fleet(*plans: dict[str, Any], addresses: list[str], **data: Any) -> Fleet:
    """Return a fleet of one host with a bulk stream of these addresses, and these plans."""
    bulk = {"mail_bulk": STREAM | {"addresses": addresses}}
    return fleet_from({"mx1": MX1 | ACCOUNTS | bulk | {"mail_warmup": list(plans)} | data}, {})


def host(*plans: dict[str, Any], addresses: list[str], **data: Any) -> MailSettings:
    """Return the host of such a fleet."""
    (found,) = fleet(*plans, addresses=addresses, **data).hosts
    return found


def said(*plans: dict[str, Any], addresses: list[str], **data: Any) -> str:
    """Return the message for a host with mistakes in its warm-up."""
    with pytest.raises(MailError) as refused:
        fleet(*plans, addresses=addresses, **data)
    return str(refused.value)


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days)).strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"plan": []}, ".0.plan: the list is empty; write at least one"),
        ({"plan": [0, 50]}, ".0.plan.0: 0 is too small; write at least 1"),
        (
            {"plan": [50, 100, 80]},
            (
                ".0.plan: the plan shrinks on its day 3, from 100 to 80 messages; write figures "
                "that grow"
            ),
        ),
        ({"plan": 50}, ".0.plan: 50 is not a list; write one in square brackets"),
        ({"start": "tomorrow"}, ".0.start: 'tomorrow' is not a date; write one like '2027-01-31'"),
        (
            {"start": "2025-01-02"},
            (
                ": the start 2025-01-02 of 203.0.113.42 is more than a year ago; correct the "
                "year, or remove the plan if it is over"
            ),
        ),
        (
            {"address": OTHER},
            ": 203.0.113.43 is not in mail_bulk.addresses; add it there, or correct it",
        ),
        (
            {"rest": "none"},
            ".0.rest: 'none' is not allowed; write 'address', 'host', 'relay' or 'wait'",
        ),
        ({"deferred": 0}, ".0.deferred: 0 is too small; write at least 1"),
        ({"bounced": 101}, ".0.bounced: 101 is too large; write at most 100"),
        ({"days": 30}, ".0.days is not a key; remove it, or see docs/settings.md"),
    ],
)
def test_a_mistake_gets_one_sentence(own: dict[str, Any], sentence: str) -> None:
    assert said(PLAN | own, addresses=[WARM, NEW]) == f"mx1: mail_warmup{sentence}"


def test_a_warmup_is_of_a_bulk_stream() -> None:
    with pytest.raises(MailError, match="of a bulk stream, and there is none; write mail_bulk"):
        fleet_from({"mx1": MX1 | {"mail_warmup": PLAN}}, {})


def test_an_address_has_one_plan_and_all_plans_name_one_way_for_the_rest() -> None:
    text = said(PLAN, PLAN | {"rest": "wait", "plan": [5]}, addresses=[WARM, NEW])

    assert "mx1: mail_warmup: 203.0.113.42 has two plans; remove one" in text
    assert "mx1: mail_warmup: its plans differ in 'rest'" in text


def test_the_rest_needs_a_way() -> None:
    assert said(PLAN, addresses=[NEW]) == (
        "mx1: mail_warmup: mail that the plan has no room for has no way, as mail_bulk.addresses "
        "has no other IPv4 address; add one, or write 'rest': 'host' for the addresses of ordinary "
        "mail, 'relay' or 'wait'"
    )
    for rest in ("host", "wait"):
        assert host(PLAN | {"rest": rest}, addresses=[NEW]).warmup


def test_a_new_ipv6_address_needs_an_ipv4_address_for_receivers_without_ipv6() -> None:
    plan = PLAN | {"address": NEW6}

    assert host(plan, addresses=[WARM, NEW6]).warmup
    plans = (plan | {"rest": "wait"}, PLAN | {"rest": "wait"})
    assert "receivers without IPv6 need an IPv4 address that has no plan" in said(
        *plans, addresses=[NEW, NEW6]
    )


def test_a_warmup_has_no_effect_where_relays_get_the_mail() -> None:
    assert "mail_warmup has no effect, because relays get the bulk mail" in said(
        PLAN, addresses=[WARM, NEW], mail_relay="relay.example:587"
    )


def test_the_relay_of_a_warmup_is_named_in_both_keys_or_in_none() -> None:
    relay = {"warmup": {"host": "relay.example:587", "spf": "include:spf.relay.example"}}
    both = "write both, or neither"

    assert both in said(PLAN | {"rest": "relay"}, addresses=[WARM, NEW])
    assert both in said(PLAN, addresses=[WARM, NEW], mail_relay=relay)
    own = fleet(PLAN | {"rest": "relay"}, addresses=[NEW], mail_relay=relay)
    assert own.hosts[0].relays.warmup == "relay1:[relay.example]:587"
    assert not own.hosts[0].relays.recipients
    assert listed(own, "bounces.")[1] == (
        "bounces.harbor.example TXT v=spf1 a:bulk.mx1.harbor.example include:spf.relay.example -all"
    )


def test_two_hosts_never_send_the_plan_of_one_address_twice() -> None:
    second = MX2 | {"mail_domains": ["harbor.example"]} | ACCOUNTS
    keys = {"mail_bulk": STREAM | {"addresses": [WARM, NEW]}, "mail_warmup": PLAN}

    with pytest.raises(MailError, match=r"mx2: 203\.0\.113\.42 is claimed by mx1 too"):
        fleet_from({"mx1": MX1 | ACCOUNTS | keys, "mx2": second | keys}, {})


def test_a_start_in_the_future_and_a_plan_that_stands_still_are_fine() -> None:
    plan = PLAN | {"start": days_ago(-400), "plan": [50, 50, 100]}

    assert host(plan, addresses=[WARM, NEW]).warmup[0].plan == (50, 50, 100)
    assert host(PLAN | {"start": days_ago(360)}, addresses=[WARM, NEW]).warmup


def test_one_plan_needs_no_list() -> None:
    assert host(addresses=[WARM, NEW], mail_warmup=PLAN).warmup == (
        host(PLAN, addresses=[WARM, NEW]).warmup
    )


@pytest.mark.parametrize(
    ("plans", "addresses", "without_plan"),
    [
        ([], [WARM, NEW], [WARM, NEW]),
        ([PLAN], [NEW, WARM, WARM6], [WARM, WARM6]),
        ([PLAN | {"rest": "host"}], [NEW, WARM], []),
        ([PLAN | {"rest": "wait"}], [NEW, WARM], [WARM]),
        ([PLAN | {"rest": "wait"}], [NEW], [NEW]),
    ],
)
def test_other_mail_leaves_by_an_address_without_a_plan(
    plans: list[dict[str, Any]], addresses: list[str], without_plan: list[str]
) -> None:
    assert [*map(str, host(*plans, addresses=addresses).bulk_addresses)] == without_plan


@pytest.mark.parametrize(
    ("rest", "policy"),
    [
        ("address", "v=spf1 a:bulk.mx1.harbor.example -all"),
        ("wait", "v=spf1 a:bulk.mx1.harbor.example -all"),
        ("host", "v=spf1 a:bulk.mx1.harbor.example a:mx1.harbor.example -all"),
    ],
)
def test_the_policy_of_the_bounces_permits_each_address_that_sends(rest: str, policy: str) -> None:
    own = fleet(PLAN | {"rest": rest}, addresses=[WARM, NEW])

    assert f"bounces.harbor.example TXT {policy}" in listed(own, "bounces.")
    assert f"bulk.mx1.harbor.example A {WARM}, {NEW}" in listed(own, "bulk.")
