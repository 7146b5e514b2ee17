"""
Mailboxes: addresses whose mail the host keeps, and that people read with a login.

The login is the address. It may send from the address itself, and from the aliases of the mailbox.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from ..accounts import Account, MailAddress, Password
from ..mistakes.sentences import shown
from ..types import Frozen
from .forms import Size, distinct, several

LEAST_QUOTA = 1 << 20
CHARACTERS = "letters, digits, '.', '-' and '_'"


def _plain(address: str) -> str:
    """Return an address that is a login of Dovecot and a directory, and no subaddress."""
    if not all(
        one.isascii() and (one.isalnum() or one in ".-_") for one in address.rpartition("@")[0]
    ):
        raise ValueError(
            f"{shown(address)} cannot be a mailbox; use only {CHARACTERS} before the @"
        )
    return address


def _script(text: str) -> str:
    """Return the text of a script, which is no path."""
    if text and not set(";{") & set(text):
        raise ValueError(
            f"{shown(text)} is not a script of Sieve; write the script itself, such as "
            "Path('vacation.sieve').read_text()"
        )
    return text


MailboxAddress = Annotated[MailAddress, AfterValidator(_plain)]


class HostMailbox(Frozen):
    """
    A password, other addresses whose mail gets into the mailbox, its space, and its rules.

    The space is in octets. The rules are a script of Sieve (RFC 5228).
    """

    password: Password = Field(repr=False)
    quota: Annotated[Size, Field(ge=LEAST_QUOTA)] | None = None
    sieve: Annotated[str, AfterValidator(_script)] = ""
    aliases: Annotated[tuple[MailAddress, ...], BeforeValidator(several), distinct] = ()

    def account(self, address: str) -> Account:
        """Return the account that reads the mailbox and sends from its addresses."""
        return Account(password=self.password, senders=(address, *self.aliases))


Mailboxes = Mapping[MailboxAddress, HostMailbox]
