"""Mistakes that follow from the settings alone: refused by name, or accepted by their words."""

import re
from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings.consequences.acceptance import consequences, stale_acceptances
from deploys.mail.settings.consequences.consequence import Choice
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import HostSettings
from tests.host.found import CLIENT, SETTINGS
from tests.lab.mistakes import (
    ACCOUNTS,
    IPV4,
    IPV6,
    MAILBOXES_ON_HOSTS,
    MISTAKES,
    OF_CLIENTS,
    VALID,
    VALID_OF_CLIENTS,
    VALID_OF_MAILBOXES,
    VALID_OF_RELEASES,
    Keys,
    Mistake,
)

BASE: Keys = SETTINGS | ACCOUNTS
ADDRESSES = {IPV4: "203.0.113.11", IPV6: "2001:db8:25::11"}
TOLD = [row for row in MISTAKES if row.stage == "settings"]
OF_RELEASES = [row for rows in VALID_OF_RELEASES.values() for row in rows]
MANY = 80  # rows beside those of the issue


def host(keys: Keys) -> HostSettings:
    return fleet_from({"mx1": BASE | keys}, {}).hosts[0]


def client(keys: Keys) -> HostSettings:
    return fleet_from({}, {}, {"app": CLIENT | keys}).clients[0]


def written(text: str) -> str:
    for word, address in ADDRESSES.items():
        text = text.replace(word, address)
    return text


def ids(rows: Any) -> list[str]:
    return [row.effect for row in rows]


@pytest.mark.parametrize("row", TOLD, ids=ids(TOLD))
def test_a_mistake_is_told_before_the_first_connection(row: Mistake) -> None:
    with pytest.raises(MailError) as refused:
        host(row.keys)

    assert re.search(row.words, str(refused.value)), refused.value


@pytest.mark.parametrize("row", TOLD, ids=ids(TOLD))
def test_a_mistake_is_accepted_only_by_its_own_words(row: Mistake) -> None:
    accepted = {"mail_accept": [written(row.accept)] if row.accept else ["anything"]}
    try:
        own = host(row.keys | accepted)
    except MailError as refused:
        told = str(refused)
    else:
        told = ""
        assert written(row.accept) in {one.words for one in consequences(own)}

    if row.accept:
        assert written(row.accept) not in told
    else:
        assert re.search(row.words, told)


@pytest.mark.parametrize("row", [row for row in TOLD if row.accept], ids=lambda row: row.effect)
def test_a_refusal_says_how_to_accept_it(row: Mistake) -> None:
    with pytest.raises(MailError) as refused:
        host(row.keys)

    assert f'or write mail_accept = ["{written(row.accept)}"]' in str(refused.value)


@pytest.mark.parametrize("row", OF_CLIENTS, ids=ids(OF_CLIENTS))
def test_a_mistake_of_a_null_client_is_told_before_the_first_connection(row: Mistake) -> None:
    with pytest.raises(MailError) as refused:
        client(row.keys)

    assert re.search(row.words, str(refused.value)), refused.value


@pytest.mark.parametrize("keys", [*VALID, *VALID_OF_MAILBOXES, *OF_RELEASES], ids=str)
def test_a_valid_setting_is_not_refused(keys: Keys) -> None:
    own = host(with_addresses(keys))

    assert not [one for one in consequences(own) if one.choice is Choice.NEVER]


@pytest.mark.parametrize("row", MAILBOXES_ON_HOSTS, ids=ids(MAILBOXES_ON_HOSTS))
def test_what_only_a_host_can_find_is_no_mistake_before(row: Mistake) -> None:
    host(with_addresses(row.keys))


@pytest.mark.parametrize("keys", VALID_OF_CLIENTS, ids=str)
def test_a_valid_setting_of_a_null_client_is_not_refused(keys: Keys) -> None:
    client(keys)


def test_a_null_client_may_take_mail_of_containers() -> None:
    networks = "127.0.0.0/8, 172.17.0.0/16"

    client(
        {"mail_postfix_main": {"inet_interfaces": "127.0.0.1, 172.17.0.1", "mynetworks": networks}}
    )


def with_addresses(keys: Any) -> Any:
    if isinstance(keys, dict):
        return {key: with_addresses(value) for key, value in keys.items()}
    if isinstance(keys, list):
        return [with_addresses(each) for each in keys]
    return written(keys) if isinstance(keys, str) else keys


def test_the_tables_are_large() -> None:
    assert len(MISTAKES) >= 27 + MANY
    assert len(VALID) >= 40
    assert len({row.effect for row in MISTAKES}) == len(MISTAKES)


def test_a_world_is_never_accepted() -> None:
    everybody = {"mail_postfix_main": {"mynetworks": "0.0.0.0/0"}}
    with pytest.raises(MailError, match=r"would relay for 0\.0\.0\.0/0"):
        host({**everybody, "mail_accept": ["relay for 0.0.0.0/0"]})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("relay for 198.18.0.0/16", "accepts nothing; did you mean 'relay for 198.18.0.0/15'?"),
        ("let it be", "mail_accept: 'let it be' accepts nothing; remove it"),
    ],
)
def test_an_acceptance_that_matches_nothing_is_told(words: str, told: str) -> None:
    both = ["relay for 198.18.0.0/15", words]
    own = host(
        {"mail_postfix_main": {"mynetworks": "127.0.0.0/8, 198.18.0.0/15"}, "mail_accept": both}
    )

    (notice,) = stale_acceptances([own])
    assert notice.startswith("mx1: mail_accept: ")
    assert told in notice


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("preflight: unknown recipient", []),
        (
            "probably this",
            ["mx1: mail_accept: 'probably this' accepts nothing; remove it"],
        ),
    ],
)
def test_a_test_of_the_preflight_is_accepted_by_its_name(words: str, told: list[str]) -> None:
    assert list(stale_acceptances([host({"mail_accept": [words]})])) == told


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        ("127.0.0.0/8, 10.0.0.0/8", "relay for 10.0.0.0/8"),
        ("127.0.0.0/8, 203.0.113.0/24", "relay for 203.0.113.0/24"),
        ("127.0.0.0/8, [fd00::]/8", "relay for fd00::/8"),
    ],
)
def test_a_network_of_ones_own_needs_no_acceptance_and_may_have_one(
    networks: str, words: str
) -> None:
    keys = {"mail_postfix_main": {"mynetworks": networks}}

    host(keys)
    assert list(stale_acceptances([host({**keys, "mail_accept": [words]})])) == []
