"""
Mistakes in the operator's own settings: each is refused by name, and mail goes on.

The table is in mistakes.py. Its mistakes that the settings tell are tested without hosts, in
tests/mail/test_consequences.py; the others here, by hosts that try them and load none. Some go the
whole way, with deploys/hosts.py, under a stream of mail.
"""

import json
import re
from collections.abc import Iterator, Sequence

import pytest

from tests.lab.labs import Raised
from tests.lab.mistakes import (
    CHECKS,
    MISTAKES,
    NETWORKS,
    ON_THE_HOST,
    OTHER_NAME,
    VALID,
    VALID_OF_CLIENTS,
    Mistake,
)
from tests.lab.runs import MAIL_HOSTS, Traffic, deployed, live_sets, on, refused
from tests.lab.trials import OTHER_CERTIFICATE, Host, Keys, all_tried, together

FOUND = [row for row in MISTAKES if row.stage == "host"]
# Files of an operator on a host.
TABLES = f"""
echo far.example slow: >{ON_THE_HOST}
echo '/./ DISCARD' >{CHECKS}
printf '200.0.0.0/5 OK\n2a00::/12 OK\n' >{NETWORKS}
{OTHER_CERTIFICATE}
"""
# The same mistake once in each way that stops it.
WHOLE_WAY = (
    (
        "validate",
        {"mail_postfix_main": {"mynetwrks": "127.0.0.0/8"}},
        "unused parameter: mynetwrks",
    ),
    ("validate", {"mail_postfix_master": {"smtp/inet": "n - y - - smtpdd"}}, "does not exist"),
    (
        "preflight",
        {"mail_postfix_main": {"virtual_alias_domains": ""}},
        "(unknown recipient|postmaster@)",
    ),
)


@pytest.fixture(scope="module")
def traffic(lab: Raised) -> Iterator[tuple[Traffic, ...]]:
    """Mail that goes to both hosts, all through the mistakes."""
    assert lab
    deployed()
    with Traffic("mx1", rate=3) as first, Traffic("mx2", rate=3) as other:
        yield first, other


@pytest.fixture(scope="module")
def answers(traffic: tuple[Traffic, ...]) -> dict[str, str]:
    """
    The answer of a host to each row, of which the lab's two hosts get one half each.

    Valid settings are tried as many at a time as can be set together.
    """
    assert traffic
    for name in MAIL_HOSTS:
        on(name, TABLES)
    before = live_sets()
    joined = together(VALID)
    alone: list[tuple[Keys, list[Keys]]] = [(row.keys, [row.keys]) for row in FOUND]
    rows = [*alone, *joined]
    parts = {Host(name): rows[number::2] for number, name in enumerate(MAIL_HOSTS)}
    said = all_tried({host: [keys for keys, _ in part] for host, part in parts.items()})
    assert live_sets() == before
    for name in MAIL_HOSTS:
        on(name, f"rm {ON_THE_HOST} {CHECKS} {NETWORKS} {OTHER_NAME}")
    return {
        written(keys): answer
        for host, part in parts.items()
        for (_, members), answer in zip(part, said[host], strict=True)
        for keys in members
    }


@pytest.fixture(scope="module")
def answers_to_clients(answers: dict[str, str]) -> dict[str, str]:
    """The answers of a host to the settings of a null client, after those of mail hosts."""
    assert answers
    rows = together(VALID_OF_CLIENTS)
    said = Host("mx2", "client").tried([keys for keys, _ in rows])
    return {
        written(keys): answer
        for (_, members), answer in zip(rows, said, strict=True)
        for keys in members
    }


def written(keys: Keys) -> str:
    return json.dumps(keys)


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.effect)
def test_a_host_refuses_a_mistake_by_name(row: Mistake, answers: dict[str, str]) -> None:
    said = answers[written(row.keys)]

    assert re.match("(stage|validate|preflight): ", said), said
    assert re.search(row.words, said), said


@pytest.mark.parametrize("keys", VALID, ids=written)
def test_a_host_does_not_refuse_a_valid_setting(keys: Keys, answers: dict[str, str]) -> None:
    assert answers[written(keys)] == ""


@pytest.mark.parametrize("keys", VALID_OF_CLIENTS, ids=written)
def test_a_null_client_does_not_refuse_a_valid_setting(
    keys: Keys, answers_to_clients: dict[str, str]
) -> None:
    assert answers_to_clients[written(keys)] == ""


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(("step", "keys", "words"), WHOLE_WAY)
def test_a_run_refuses_a_mistake_before_any_live_file_changes(
    step: str, keys: Keys, words: str
) -> None:
    before = live_sets()
    ((key, setting),) = keys.items()

    said = refused("--data", f"{key}={json.dumps(setting)}")

    assert live_sets() == before
    for name in MAIL_HOSTS:
        assert re.search(rf"\[{name}\]\s+Refused at {step}: .*{words}.*{key}", said), said


@pytest.mark.usefixtures("traffic")
def test_a_run_tells_a_consequence_before_it_connects() -> None:
    said = refused("--data", 'mail_postfix_main={"mynetworks": "0.0.0.0/1"}')

    assert "mx1, mx2: mail_postfix_main.mynetworks: the host would relay for 0.0.0.0/1" in said


def test_all_mail_that_came_meanwhile_has_arrived(traffic: Sequence[Traffic]) -> None:
    for flow in traffic:
        flow.assert_nothing_was_lost()


@pytest.mark.usefixtures("traffic")
def test_an_own_setting_without_mistake_becomes_live_and_goes_again() -> None:
    own = 'mail_postfix_main={"smtpd_client_connection_count_limit": "40"}'

    assert "update /etc/postfix/main.cf" in deployed("--data", own)
    assert "40" in on("mx1", "postconf -h smtpd_client_connection_count_limit")
    assert "update /etc/postfix/main.cf" in deployed()
