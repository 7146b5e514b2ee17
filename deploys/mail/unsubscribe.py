"""
Tokens for unsubscribing (RFC 2369, RFC 8058): they name a recipient and a list, and show neither.

A token is encrypted with a synthetic IV, as RFC 5297 does with AES, here with HMAC-SHA256 alone.
docs/bulk.md has the format. Only the standard library is imported, and nothing of this project.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

LOCAL_PART = "unsubscribe"  # of the address for unsubscribing by mail
LONGEST = 1000  # characters of a token
_TAG = 16  # octets
_BLOCK = 32  # octets of HMAC-SHA256


class UnsubscribeError(Exception):
    """A text that is not a token of this stream."""


@dataclass(frozen=True)
class Unsubscription:
    """Recipient and list of a token."""

    recipient: str
    mailing_list: str


@dataclass(frozen=True)
class UnsubscribeTokens:
    """Tokens of one stream; the key is `derived_key(secret, "unsubscribe")`."""

    key: bytes

    def token(self, wanted: Unsubscription) -> str:
        """Return the token of a recipient and a list."""
        plain = f"{wanted.recipient}\0{wanted.mailing_list}".encode()
        tag = self._tag(plain)
        return urlsafe_b64encode(tag + self._crypted(tag, plain)).decode().rstrip("=")

    def read(self, token: str) -> Unsubscription:
        """Return the recipient and the list of a token; raise UnsubscribeError."""
        try:
            octets = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            octets = b""
        tag, plain = octets[:_TAG], self._crypted(octets[:_TAG], octets[_TAG:])
        if len(token) > LONGEST or not hmac.compare_digest(tag, self._tag(plain)):
            raise UnsubscribeError("the token is not of this stream")
        recipient, _, mailing_list = plain.decode("utf-8", "replace").partition("\0")
        return Unsubscription(recipient, mailing_list)

    def _tag(self, plain: bytes) -> bytes:
        return hmac.digest(self.key, b"tag\0" + plain, "sha256")[:_TAG]

    def _crypted(self, tag: bytes, text: bytes) -> bytes:
        """Return a text encrypted or, as the operation is its own inverse, decrypted."""
        blocks = range(-(-len(text) // _BLOCK))
        stream = b"".join(
            hmac.digest(self.key, b"stream\0" + tag + block.to_bytes(4, "big"), "sha256")
            for block in blocks
        )
        return bytes(one ^ other for one, other in zip(text, stream, strict=False))
