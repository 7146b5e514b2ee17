"""DKIM key records (RFC 6376, RFC 8463).

The public half of a key is a TXT record at `<selector>._domainkey.<domain>`, a list of tags:
`v=DKIM1; k=rsa; p=MIIB...`. A selector names one key, so that a domain can have several.
"""

import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Literal, get_args

from .errors import MailError
from .tags import SPACE, TagList

Algorithm = Literal["rsa", "ed25519"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
SLOTS = (1, 2)
ED25519_OCTETS = 32
_FOLDED = f"{SPACE}\r\n"  # a key may be folded into lines (RFC 6376 section 3.6.1)


def is_key(text: str) -> bool:
    """Tell a DKIM key from other TXT records at its name; `p=` is required, `v=` is not."""
    tags = TagList.parse(text, _FOLDED).tags
    return "p" in dict(tags) and (tags[0][0] != "v" or tags[0][1] == "DKIM1")


def is_revoked(text: str) -> bool:
    """Tell a revoked key, whose `p=` is empty (RFC 6376 section 3.6.1)."""
    return is_key(text) and ("p", "") in TagList.parse(text, _FOLDED).tags


@dataclass(frozen=True)
class DkimKey:
    """A public key: its algorithm, and its octets in base64."""

    algorithm: Algorithm
    public: str

    @classmethod
    def parse(cls, text: str) -> "DkimKey":
        """Return the key in a record; raise MailError with the part that is not valid."""
        tags = TagList.parse(text, _FOLDED)
        if tags.rest or tags.repeated:
            raise MailError(f"{text!r} is not a DKIM key: write name=value, each name once")
        found = {name: re.sub(f"[{_FOLDED}]", "", value) for name, value in tags.tags}
        if not is_key(text):
            raise MailError(f"{text!r} is not a DKIM key: begin it with 'v=DKIM1;' and add 'p='")
        algorithm = next((known for known in ALGORITHMS if known == found.get("k", "rsa")), None)
        if algorithm is None:
            raise MailError(f"the DKIM key {text!r} has k={found['k']}: write rsa or ed25519")
        _check(found["p"], algorithm)
        return cls(algorithm, found["p"])

    def __str__(self) -> str:
        return f"v=DKIM1; k={self.algorithm}; p={self.public}"


def _check(public: str, algorithm: Algorithm) -> None:
    try:
        octets = b64decode(public, validate=True)
    except ValueError:
        raise MailError(f"the DKIM key {public!r} is not base64: copy the whole key") from None
    if not octets:  # RFC 6376 section 3.6.1
        raise MailError("the DKIM key is empty, so it is revoked: publish the key that signs")
    if algorithm == "ed25519" and len(octets) != ED25519_OCTETS:
        raise MailError(
            f"the DKIM key {public!r} has {len(octets)} octets: Ed25519 has {ED25519_OCTETS}"
        )


def record_name(selector: str, domain: str) -> str:
    """Return the name at which receivers look for a key (RFC 6376 section 3.6.2.1)."""
    return f"{selector}._domainkey.{domain}"
