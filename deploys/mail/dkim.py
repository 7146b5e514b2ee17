"""DKIM key records (RFC 6376, RFC 8463).

The public half of a key is a TXT record at `<selector>._domainkey.<domain>`, a list of tags:
`v=DKIM1; k=rsa; p=MIIB...`. A selector names one key, so that a domain can have several.
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Literal, get_args

from dkim.util import InvalidTagValueList, parse_tag_value

from .errors import MailError

Algorithm = Literal["rsa", "ed25519"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
SLOTS = (1, 2)
ED25519_OCTETS = 32


def is_key(text: str) -> bool:
    """Tell a DKIM key from other TXT records at its name; `v=` may be left out, `p=` may not."""
    tags = [part.partition("=")[0].strip() for part in text.split(";")]
    return "p" in tags and (tags[0] != "v" or text.replace(" ", "").startswith("v=DKIM1"))


def is_revoked(text: str) -> bool:
    """Tell a record whose key is empty, which says that there is none (RFC 6376 section 3.6.1)."""
    tags = (part.partition("=") for part in text.split(";"))
    return is_key(text) and any(name.strip() == "p" and not key.strip() for name, _, key in tags)


@dataclass(frozen=True)
class DkimKey:
    """What is public of a key: its algorithm, and its octets in base64."""

    algorithm: Algorithm
    public: str

    @classmethod
    def parse(cls, text: str) -> "DkimKey":
        """Read a record; raise MailError with what no receiver would understand."""
        try:
            tags = parse_tag_value(text.encode())
        except InvalidTagValueList:
            raise MailError(f"{text!r} is no DKIM key: write name=value, each name once") from None
        found = {name.decode(): "".join(value.decode().split()) for name, value in tags.items()}
        if not is_key(text):
            raise MailError(f"{text!r} is no DKIM key: one begins with 'v=DKIM1;' and has a 'p='")
        algorithm = next((known for known in ALGORITHMS if known == found.get("k", "rsa")), None)
        if algorithm is None:
            raise MailError(f"the DKIM key {text!r} has k={found['k']}: write rsa or ed25519 there")
        _check(found["p"], algorithm)
        return cls(algorithm, found["p"])

    def __str__(self) -> str:
        return f"v=DKIM1; k={self.algorithm}; p={self.public}"


def _check(public: str, algorithm: Algorithm) -> None:
    try:
        octets = b64decode(public, validate=True)
    except binascii.Error:
        raise MailError(f"the DKIM key {public!r} is not base64: copy all of it") from None
    if not octets:  # RFC 6376 section 3.6.1
        raise MailError("the DKIM key is empty, which revokes it: publish the key that signs")
    if algorithm == "ed25519" and len(octets) != ED25519_OCTETS:
        raise MailError(
            f"the DKIM key {public!r} has {len(octets)} octets where Ed25519 has {ED25519_OCTETS}"
        )


def record_name(selector: str, domain: str) -> str:
    """Return the name at which receivers look for a key (RFC 6376 section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"
