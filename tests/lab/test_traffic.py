"""
A host that changes under load: nothing is lost, nothing waits, nobody is turned away for long.

A hundred messages a second come in, each on a connection of its own, while the configuration
changes ten times, is refused once, and once is put back because the live port answered wrongly.
Sender, host and preflight share one machine: where two cores are not enough for all, messages
begin later.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.lab.labs import Raised
from tests.lab.runs import MAIL_HOSTS, UNTRIED, deployed, live_set, on, refused, undone
from tests.lab.stream import Stream

Change = Mapping[str, Any]

HOST = "mx1"
RATE = 100
MOST = RATE  # messages in a row that nobody takes: a second without a connection
GUARD = "/var/lib/guard.cidr"
# Ten sets, each other than the one before; what a set does not name is as it was at first.
CHANGES: tuple[Change, ...] = (
    {"mail_postfix_main": {"smtpd_error_sleep_time": "2s"}},
    {"mail_aliases": {"captain": "root", "info": "root"}},
    {"mail_rspamd": {"options.inc": {"task_timeout": "12s"}}, "mail_ban_failures": 11},
    {"mail_postfix_master": {"bulk/unix": "- - y - 20 smtp -o syslog_name=postfix/bulk"}},
    {"mail_dovecot": {"auth_failure_delay": "3s"}},
    {"mail_message_size_limit": 10_000_000, "mail_networks": ["192.0.2.128/25"]},
    {"mail_rspamd": {"worker-proxy.inc": {"count": 2}}},
    {"mail_postfix_master": {"smtp/inet": "n - y - 90 smtpd"}, "mail_delay_warning": 7200},
    {"mail_dovecot": {"auth_cache_size": "1M"}, "mail_bounce_texts": {"delay": "It still waits."}},
    {},
)


@pytest.fixture
def calm(lab: Raised) -> Iterator[None]:
    """A host as the inventory says, before and after."""
    assert lab
    deployed("--limit", HOST)
    yield
    deployed("--limit", HOST, *UNTRIED)


def words(change: Change) -> list[str]:
    return [
        word for key, value in change.items() for word in ("--data", f"{key}={json.dumps(value)}")
    ]


def refuse_a_mistake() -> None:
    said = refused("--limit", HOST, *words({"mail_postfix_main": {"mynetwrks": "127.0.0.0/8"}}))

    assert "unused parameter: mynetwrks" in said


def put_back_what_answers_wrongly() -> None:
    """Add a rule that passes the preflight, and refuses all mail as soon as it is live."""
    mark = "/run/pyinfra-mail/postfix.switching"
    turn = f"until test -e {mark}; do sleep 0.01; done; echo 127.0.0.0/8 REJECT >{GUARD}"
    rule = {"smtpd_client_restrictions": f"check_client_access cidr:{GUARD}"}
    before = live_set(HOST)
    with undone(HOST, f"systemctl -q stop turn; rm -f {GUARD}"):
        on(HOST, f": >{GUARD}; systemd-run -q --unit=turn sh -c '{turn}'")
        said = refused("--limit", HOST, *words({"mail_postfix_main": rule}))

    assert "Refused at probe: accepted: " in said
    assert "the previous configuration is active again" in said
    assert live_set(HOST) == before


@pytest.mark.usefixtures("calm")
def test_ten_changes_a_refusal_and_a_rollback_under_load_lose_no_message() -> None:
    with Stream(HOST, MAIL_HOSTS[HOST], RATE) as stream:
        for change in CHANGES[:5]:
            assert "update" in deployed("--limit", HOST, *words(change))
        refuse_a_mistake()
        put_back_what_answers_wrongly()
        for change in CHANGES[5:]:
            assert "update" in deployed("--limit", HOST, *words(change))

    delivered = stream.delivered()
    accepted = stream.accepted
    doubled = sum(number - 1 for number in delivered.values())
    assert accepted - set(delivered) == set()
    assert doubled <= len(accepted) / 1000
    assert stream.refused_in_a_row() <= MOST
