"""
Accounts: logins with their passwords and sender addresses.

A host keeps only the hash of a password: Argon2id (RFC 9106) or SHA512-CRYPT, the strong schemes
of every supported Dovecot. A secret reference is hashed on the controller. Its salt follows
from the account and the host, so the hash is the same in every run and shows a changed password.
"""

import hashlib
import re
from functools import cache
from typing import Annotated

from argon2.low_level import Type, hash_secret
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from ..names import mail_address
from .secret import Secret
from .types import Frozen
from .values.forms import Words, several

# The cheapest parameters that OWASP recommends: 19 MiB, two passes, one lane.
MEMORY, PASSES, LANES, SALT, LENGTH = 19_456, 2, 1, 16, 32
ARGON2ID = re.compile(
    r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}"
)
SHA512_CRYPT = re.compile(r"\$6\$(rounds=\d+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}")
SCHEMES = {"{ARGON2ID}": ARGON2ID, "{SHA512-CRYPT}": SHA512_CRYPT}


def _password(value: object) -> Secret | str:
    if isinstance(value, Secret):
        return value
    for scheme, form in SCHEMES.items():
        bare = str(value).removeprefix(scheme)
        if form.fullmatch(bare):
            return scheme + bare
    # The value may be the password itself, so the sentence must not repeat it.
    raise ValueError(
        "the value (masked here) is neither a hash nor a reference; write a hash from "
        "'doveadm pw -s ARGON2ID', or a reference like file('~/.passwords/anna')"
    )


def _address(value: object) -> str:
    return mail_address(value).lower()


MailAddress = Annotated[str, BeforeValidator(_address), Words("mail address")]
Password = Annotated[Secret | str, PlainValidator(_password)]


class Account(Frozen):
    """A password, and the only addresses that the account may send from."""

    password: Password = Field(repr=False)
    senders: Annotated[tuple[MailAddress, ...], BeforeValidator(several)] = ()


def _own_address(accounts: dict[str, Account]) -> dict[str, Account]:
    """Return the accounts, with the login as the sender where none is named."""
    return {
        login: account.model_copy(update={"senders": account.senders or (login,)})
        for login, account in accounts.items()
    }


Accounts = Annotated[dict[MailAddress, Account], AfterValidator(_own_address)]


def password_hash(password: Secret | str, login: str, hostname: str) -> str:
    """Return the hash of a password for a host; raise MailError where the reference fails."""
    return password if isinstance(password, str) else _hashed(password, login, hostname)


@cache
def _hashed(password: Secret, login: str, hostname: str) -> str:
    salt = hashlib.sha256(f"pyinfra-mail {login} {hostname}".encode()).digest()[:SALT]
    secret = password.resolve().encode()
    digest = hash_secret(secret, salt, PASSES, MEMORY, LANES, LENGTH, Type.ID)
    return "{ARGON2ID}" + digest.decode()
