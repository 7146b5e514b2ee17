"""Accounts: a password is kept as a hash, and a mistake never repeats it."""

from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from deploys.mail.errors import MailError
from deploys.mail.settings.accounts import password_hash
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings
from deploys.mail.settings.secret import file

ANNA = "anna@harbor.example"
CRYPT = "$6$" + "a" * 8 + "$" + "b" * 86
ARGON = "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "c" * 43


def host(accounts: Any, **data: Any) -> MailSettings:
    known = {
        "mail_hostname": "mx1.harbor.example",
        "mail_addresses": ["203.0.113.11"],
        "mail_domains": ["harbor.example"],
        "mail_aliases": {"anna": "root"},
    }
    return fleet_from({"mx1": known | {"mail_accounts": accounts} | data}, {}).hosts[0]


def mistake(accounts: Any) -> str:
    with pytest.raises(MailError) as refused:
        host(accounts)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (CRYPT, "{SHA512-CRYPT}" + CRYPT),
        ("{SHA512-CRYPT}" + CRYPT, "{SHA512-CRYPT}" + CRYPT),
        (ARGON, "{ARGON2ID}" + ARGON),
        ("{ARGON2ID}" + ARGON, "{ARGON2ID}" + ARGON),
    ],
)
def test_a_hash_is_kept_with_its_scheme(written: str, kept: str) -> None:
    account = host({ANNA: {"password": written}}).accounts[ANNA]

    assert password_hash(account.password, ANNA, "mx1.harbor.example") == kept


@pytest.mark.parametrize(
    "password", ["hunter2", "{PLAIN}hunter2", "{SHA512-CRYPT}hunter2", "$6$hunter2", 4711, None]
)
def test_a_password_in_plain_text_is_a_mistake_and_not_repeated(password: object) -> None:
    said = mistake({ANNA: {"password": password}})

    assert "mail_accounts.anna@harbor.example.password: the value (masked here) is neither" in said
    assert "doveadm pw -s ARGON2ID" in said
    assert str(password) not in said.replace("None", "")


@pytest.mark.parametrize(
    ("accounts", "sentence"),
    [
        (
            {ANNA: {"passwort": "hunter2"}},
            "mail_accounts.anna@harbor.example.passwort is not a key; did you mean password?",
        ),
        ({ANNA: "hunter2"}, "the value (masked here) is not a dictionary; write a dictionary like"),
        ({"anna": {"password": CRYPT}}, "'anna' is not a mail address"),
        ({"a b@harbor.example": {"password": CRYPT}}, "is not a mail address"),
        (
            {"bert@harbor.example": {"password": CRYPT}},
            "is not a recipient, and bounces come back to it; add 'bert@harbor.example' to",
        ),
        (
            {ANNA: {"password": CRYPT, "senders": ["anna@other.example"]}},
            "anna@other.example cannot be a sender: other.example is not in mail_domains",
        ),
    ],
)
def test_a_mistake_has_its_sentence(accounts: Any, sentence: str) -> None:
    said = mistake(accounts)

    assert sentence in said
    assert "hunter2" not in said


def test_an_account_without_senders_sends_with_its_login() -> None:
    assert host({"Anna@Harbor.example": {"password": CRYPT}}).accounts[ANNA].senders == (ANNA,)


def test_a_secret_has_the_same_hash_in_every_run_and_another_on_every_host(tmp_path: Path) -> None:
    place = tmp_path / "anna"
    place.write_text("hunter2\n")
    hashes = [
        password_hash(file(path), ANNA, name)
        for path, name in (
            (place, "mx1.harbor.example"),
            (tmp_path / "." / "anna", "mx1.harbor.example"),
            (place, "mx2.harbor.example"),
        )
    ]

    assert hashes[0] == hashes[1] != hashes[2]
    assert PasswordHasher().verify(hashes[0].removeprefix("{ARGON2ID}"), "hunter2")
