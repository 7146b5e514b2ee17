"""Tokens for unsubscribing: what they name, what they show, and which are refused."""

import hmac
from base64 import urlsafe_b64encode

import pytest

from deploys.mail.unsubscribe import UnsubscribeError, UnsubscribeTokens, Unsubscription
from deploys.mail.verp import derived_key

TOKENS = UnsubscribeTokens(derived_key("a secret of thirty-two characters", "unsubscribe"))
ANNA = Unsubscription("anna@example.net", "spring sale")
TOKEN = TOKENS.token(ANNA)


@pytest.mark.parametrize(
    "wanted",
    [
        ANNA,
        Unsubscription("anna@example.net", ""),
        Unsubscription("jürgen@example.net", "Frühling"),
        Unsubscription("a" * 64 + "@" + "b" * 180, "c" * 200),
    ],
)
def test_a_token_gives_recipient_and_list_back(wanted: Unsubscription) -> None:
    assert TOKENS.read(TOKENS.token(wanted)) == wanted


def test_octets_that_are_no_text_are_read_as_lookups_read_them() -> None:
    key, plain = TOKENS.key, b"j\xfcrgen@example.net\0"
    tag = hmac.digest(key, b"tag\0" + plain, "sha256")[:16]
    stream = hmac.digest(key, b"stream\0" + tag + bytes(4), "sha256")
    crypted = bytes(one ^ other for one, other in zip(plain, stream, strict=False))
    token = urlsafe_b64encode(tag + crypted).decode().rstrip("=")

    assert TOKENS.read(token) == Unsubscription("j\ufffdrgen@example.net", "")


def test_a_token_shows_nothing_and_fits_into_a_url() -> None:
    assert TOKENS.token(ANNA) == TOKEN
    assert TOKEN.replace("-", "").replace("_", "").isalnum()
    assert "anna" not in TOKEN


@pytest.mark.parametrize(
    "token",
    [
        *("", "=", "anna", "é", "A" * 40, TOKEN[:-2], TOKEN + "AA", "A" * 100_000),
        TOKEN[:30] + ("A" if TOKEN[30] != "A" else "B") + TOKEN[31:],
        UnsubscribeTokens(b"other").token(ANNA),
    ],
    ids=lambda token: token[:8],
)
def test_another_text_is_refused(token: str) -> None:
    with pytest.raises(UnsubscribeError, match="not of this stream"):
        TOKENS.read(token)
