"""DKIM: a domain answers for a message with a signature that anybody can verify (RFC 6376).

The key's public half is a TXT record at `<selector>._domainkey.<domain>`, a list of tags:
`v=DKIM1; k=rsa; p=MIIB...`. A selector names one key, so that a domain can have several: here each
host signs with two of its own, `<name>-rsa` (2048 bits, RFC 8301 section 3.2) and `<name>-ed25519`
(RFC 8463), because not every receiver knows the newer one. They are a slot; `<name>-2-rsa` and
`<name>-2-ed25519` are the other one, for the keys that come next. A host signs for the domains that
it serves, and for its own name, under which bounces and cron's mail are sent. A domain may lead
the names of its keys elsewhere, once, with CNAME records; there the records are.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

from dkim.util import InvalidTagValueList, parse_tag_value

from . import paths
from .errors import MailError
from .settings.model import MailSettings

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


def selector(settings: MailSettings, slot: int, algorithm: str) -> str:
    """Return the name of one of a host's keys."""
    name = settings.selector_base if slot == 1 else f"{settings.selector_base}-{slot}"
    return f"{name}-{algorithm}"


def selectors(settings: MailSettings) -> tuple[str, ...]:
    """Return the names of all keys that a host may have."""
    pairs = product(SLOTS, ALGORITHMS)
    return tuple(selector(settings, slot, algorithm) for slot, algorithm in pairs)


def key_path(settings: MailSettings, slot: int, algorithm: str) -> str:
    """Return where a host keeps a key; what is public of it stands beside it, with `.pub`."""
    return paths.dkim_key(selector(settings, slot, algorithm))


def signing_domains(settings: MailSettings) -> tuple[str, ...]:
    """Return the domains that a host answers for."""
    return tuple(dict.fromkeys((*settings.domains, settings.hostname)))


def record_name(name: str, domain: str) -> str:
    """Return where everybody looks for the key of a selector and a domain."""
    return f"{name}._domainkey.{domain}"


def zone_of_keys(settings: MailSettings, domain: str) -> str:
    """Return the zone that a domain leads the names of its keys into; nothing if it does not."""
    return settings.dkim_cname.get(domain, settings.dkim_cname.get("*", ""))


def home(settings: MailSettings, name: str, domain: str) -> str:
    """Return where a key's record is: at its name, or where the CNAME there leads."""
    zone = zone_of_keys(settings, domain)
    return f"{record_name(name, domain)}.{zone}" if zone else record_name(name, domain)


def homes(settings: MailSettings) -> Iterator[str]:
    """Yield where the records of all keys of a host are."""
    for name, domain in product(selectors(settings), signing_domains(settings)):
        yield home(settings, name, domain)
