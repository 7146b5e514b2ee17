"""DKIM: a domain answers for a message with a signature that anybody can verify (RFC 6376).

The key's public half is a TXT record at `<selector>._domainkey.<domain>`, a list of tags:
`v=DKIM1; k=rsa; p=MIIB...`. A selector names one key, so that a domain can have several: here each
host has two of its own, `<name>-rsa` (2048 bits, RFC 8301 section 3.2) and `<name>-ed25519`
(RFC 8463), and signs with both, because not every receiver knows the newer one. A host signs for
the domains that it serves, and for its own name, under which bounces and cron's mail are sent.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from dkim.util import InvalidTagValueList, parse_tag_value

from deploys.mail.errors import MailError
from deploys.mail.settings import MailSettings

Algorithm = Literal["rsa", "ed25519"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
ED25519_OCTETS = 32
DIRECTORY = "/var/lib/pyinfra-mail/dkim"


def is_key(text: str) -> bool:
    """Tell a DKIM key from other TXT records at its name; `v=` may be left out, `p=` may not."""
    tags = [part.partition("=")[0].strip() for part in text.split(";")]
    return "p" in tags and (tags[0] != "v" or text.replace(" ", "").startswith("v=DKIM1"))


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


def selector(settings: MailSettings, algorithm: str) -> str:
    """Return the name of a host's key."""
    return f"{settings.selector_base}-{algorithm}"


def key_path(settings: MailSettings, algorithm: str) -> str:
    """Return where a host keeps a key; what is public of it stands beside it, with `.pub`."""
    return f"{DIRECTORY}/{selector(settings, algorithm)}.key"


def signing_domains(settings: MailSettings) -> tuple[str, ...]:
    """Return the domains that a host answers for."""
    return tuple(dict.fromkeys((*settings.domains, settings.hostname)))


def record_name(settings: MailSettings, algorithm: str, domain: str) -> str:
    """Return where a host's key for a domain is published."""
    return f"{selector(settings, algorithm)}._domainkey.{domain}"


def published(settings: MailSettings, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every record of a host's keys, given by their algorithms."""
    for algorithm in ALGORITHMS:
        if algorithm in keys:
            text = str(DkimKey(algorithm, keys[algorithm]))
            for domain in signing_domains(settings):
                yield record_name(settings, algorithm, domain), text
