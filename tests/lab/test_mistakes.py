"""Mistakes in the operator's own Postfix settings: each is refused by name, and mail goes on."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.lab.labs import Raised
from tests.lab.runs import MAIL_HOSTS, Traffic, deployed, live_sets, on, refused

# What the operator wrote in mail_postfix_main, and the words that have to come back.
MAIN = {
    "a misspelt name": ({"mynetwrks": "127.0.0.0/8"}, "unused parameter: mynetwrks"),
    "no number": ({"message_size_limit": "abc"}, "message_size_limit = abc"),
    "no boolean": ({"smtpd_helo_required": "maybe"}, "smtpd_helo_required = maybe"),
    "no time": ({"queue_run_delay": "5 fortnights"}, "queue_run_delay"),
    "a comment behind a value": ({"smtpd_helo_required": "yes # so"}, "comment|yes # so"),
    "a table that is not there": (
        {"transport_maps": "lmdb:/etc/postfix/none"},
        "/etc/postfix/none",
    ),
    "a table only senders use": ({"smtp_tls_policy_maps": "lmdb:/etc/none"}, "/etc/none"),
    "a table type that is not there": ({"virtual_alias_maps": "magic:/etc/x"}, "magic"),
    "a misspelt restriction": (
        {"smtpd_recipient_restrictions": "permit_mynetworks, reject_unauth_destinatoin"},
        'unknown smtpd restriction: "reject_unauth_destinatoin"',
    ),
    "no relay guard": ({"smtpd_relay_restrictions": ""}, "smtpd_relay_restrictions"),
    "the whole world trusted": ({"mynetworks": "0.0.0.0/0"}, "relay: .*senders could relay"),
    "a TLS level of no kind": ({"smtpd_tls_security_level": "mayy"}, 'Invalid TLS level "mayy"'),
    "a TLS version of no kind": ({"smtpd_tls_protocols": ">=TLSv9"}, "TLSv9"),
    "a certificate that is not there": (
        {"smtpd_tls_chain_files": "/etc/none.pem"},
        "/etc/none.pem",
    ),
    "an address of another host": ({"inet_interfaces": "203.0.113.99"}, "inet_interfaces"),
    "a domain forgotten": ({"virtual_alias_domains": ""}, "unknown recipient"),
    "a mailbox smaller than a message": ({"mailbox_size_limit": "1000"}, "mailbox_size_limit"),
    "a milter that is not there": ({"smtpd_milters": "unix:/none"}, "Milter service unix:/none"),
    "a filter that is not there": ({"content_filter": "none:[127.0.0.1]:9"}, "private/none"),
    "a user that is not there": ({"mail_owner": "nobody-at-all"}, "nobody-at-all"),
}
# The same for mail_postfix_master.
MASTER = {
    "a field too few": ({"smtp/inet": "n - y - smtpd"}, "bad field count"),
    "a program that is not there": (
        {"smtp/inet": "n - y - - smtpdd"},
        "smtpdd, which does not exist",
    ),
    "an option that the program lacks": ({"smtp/inet": "n - y - - smtpd -Q"}, "invalid option"),
    "an unknown parameter": (
        {"submission/inet": "n - y - - smtpd -o smtpd_nonsense=yes"},
        "unused parameter: smtpd_nonsense",
    ),
    "a pipe to nothing": (
        {"policy/unix": "- n n - 0 spawn user=nobody argv=/opt/none"},
        "/opt/none, which does not exist",
    ),
}
CASES = {
    **{name: ("mail_postfix_main", *case) for name, case in MAIN.items()},
    **{name: ("mail_postfix_master", *case) for name, case in MASTER.items()},
}


@pytest.fixture(scope="module")
def traffic(lab: Raised) -> Iterator[tuple[Traffic, ...]]:
    """Mail that goes to both hosts, all through the mistakes."""
    assert lab
    deployed()
    with Traffic("mx1", rate=3) as first, Traffic("mx2", rate=3) as other:
        yield first, other


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("mistake", CASES)
def test_a_mistake_is_refused_by_name_before_any_live_file_changes(mistake: str) -> None:
    key, setting, words = CASES[mistake]
    before = live_sets()

    said = refused("--data", f"{key}={json.dumps(setting)}")

    assert live_sets() == before
    for name in MAIL_HOSTS:
        line = rf"\[{name}\]\s+Refused at (stage|validate|preflight): .*({words}).*{key}"
        assert re.search(line, said), said


def test_all_mail_that_came_meanwhile_has_arrived(traffic: tuple[Traffic, ...]) -> None:
    for flow in traffic:
        flow.assert_nothing_was_lost()


@pytest.mark.usefixtures("traffic")
def test_an_own_setting_without_mistake_becomes_live_and_goes_again() -> None:
    own = 'mail_postfix_main={"smtpd_client_connection_count_limit": "40"}'

    assert "update /etc/postfix/main.cf" in deployed("--data", own)
    assert "40" in on("mx1", "postconf -h smtpd_client_connection_count_limit")
    assert "update /etc/postfix/main.cf" in deployed()
