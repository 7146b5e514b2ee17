"""
VERP: envelope senders of bulk mail that name their recipient, with a token that nobody can guess.

`<recipient with "=" for "@">+<token>@<bounces>`: docs/bulk.md has the format. Only the standard
library is imported, and nothing of this project, so that the program on the host has this module.
"""

import hmac
import re
from base64 import b32encode
from contextlib import suppress
from dataclasses import dataclass

LONGEST_LOCAL = 64  # octets of a local part (RFC 5321 section 4.5.3.1.1)
VALID_DAYS = 14  # after the day of the token
SECONDS = 86_400  # of a day
DAYS = 1 << 16  # day numbers that two octets have
_OCTETS = 10  # of a token's HMAC, and of the digest of a long recipient
_TOKEN = 20  # characters: base32 of the day and of the HMAC
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[a-z0-9.-]+")


class TokenError(Exception):
    """An address whose token is missing, forged or expired; the text says which."""


@dataclass(frozen=True)
class VerpAddress:
    """Recipient of a valid address, or the digest of a recipient that is too long for it."""

    recipient: str
    digest: str
    day: int


def day_number(seconds: float) -> int:
    """Return the number of the day (UTC) of a time in seconds since 1970."""
    return int(seconds) // SECONDS % DAYS


def derived_key(secret: str, label: str) -> bytes:
    """Return the key for one use of the stream's secret."""
    return hmac.digest(secret.encode(), f"pyinfra-mail {label}".encode(), "sha256")


def lowered(recipient: str) -> str:
    """Return a recipient in the form that tokens have, with ASCII letters in lower case."""
    return recipient.encode(errors="surrogateescape").lower().decode(errors="surrogateescape")


def folded(recipient: str) -> str:
    """Return a recipient in the form in which suppressions have it."""
    local, at, domain = recipient.strip().rpartition("@")
    with suppress(UnicodeError):  # an empty or a long label stays as it is
        domain = domain.encode("idna").decode()
    return f"{local}{at}{domain}".lower()


@dataclass(frozen=True)
class Verp:
    """Addresses of one bounces domain; the key is `derived_key(secret, "verp")`."""

    domain: str
    key: bytes

    def address(self, recipient: str, day: int) -> str:
        """Return the envelope sender of a message to a recipient, sent on a day."""
        name = self._name(lowered(recipient))
        return f"{name}+{self._token(name, day)}@{self.domain}"

    def read(self, address: str, today: int) -> VerpAddress:
        """Return the recipient of an address; raise TokenError for one that is not valid."""
        local, _, domain = address.lower().rpartition("@")
        name, plus, token = local.rpartition("+")
        if domain != self.domain or not plus or len(token) != _TOKEN:
            raise TokenError("the address has no token")
        day = _day(token)
        if not hmac.compare_digest(token.encode(), self._token(name, day).encode()):
            raise TokenError("the token is forged")
        age = (today - day + DAYS // 2) % DAYS - DAYS // 2
        if age < -1:  # a clock may be a day ahead
            raise TokenError("the token is from the future")
        if age > VALID_DAYS:
            raise TokenError(f"the token expired {age - VALID_DAYS} days ago")
        user, at, host = name.rpartition("=")
        return VerpAddress(f"{user}@{host}" if at else "", "" if at else name, day)

    def digest(self, recipient: str) -> str:
        """Return the digest that stands for a recipient who does not fit into an address."""
        octets = hmac.digest(self.key, f"recipient\0{lowered(recipient)}".encode(), "sha256")
        return _base32(octets[:_OCTETS])

    def _name(self, recipient: str) -> str:
        user, _, host = recipient.rpartition("@")
        name = f"{user}={host}"
        fits = len(name) + 1 + _TOKEN <= LONGEST_LOCAL and _PLAIN.fullmatch(recipient)
        return name if fits else self.digest(recipient)

    def _token(self, name: str, day: int) -> str:
        octets = day.to_bytes(2, "big")
        signed = hmac.digest(
            self.key, b"\0".join((self.domain.encode(), name.encode(), octets)), "sha256"
        )
        return _base32(octets + signed[:_OCTETS])


def _base32(octets: bytes) -> str:
    return b32encode(octets).decode().rstrip("=").lower()


def _day(token: str) -> int:
    """Return the first 16 bits of a token; 0, which is expired, for other characters."""
    number = 0
    for letter in token[:4]:
        number = number << 5 | max(_LETTERS.find(letter), 0)
    return number >> 4
