"""TLSA: the DNS says which keys a host's TLS may show (RFC 6698, for mail RFC 7672).

The record set at `_25._tcp.<host>` lists them. `3 1 1 <64 hex digits>` is the SHA-256 digest of a
key, whoever signed its certificate (RFC 7672 section 3.1.1), so it outlives every renewal that
keeps the key. A sender that finds the set in a signed zone delivers to a matching key or not at
all: a key has to be in the set, and in every cache of it, before it is shown (RFC 7671 section
8.1). That is why a set of ours holds the keys in use and, always, those that come next.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.rdata
import dns.rdtypes.ANY.TLSA

from .errors import MailError

PORT = 25
# Seconds at the most: a key that is lost, or a new one, is known to everybody within that time.
LONGEST_TTL = 300
USAGES = {2: "DANE-TA", 3: "DANE-EE"}  # RFC 7672 section 3.1: of no others SMTP makes use
LENGTHS = {1: 32, 2: 64}  # octets of SHA-256 and SHA-512


@dataclass(frozen=True)
class Tlsa:
    """What vouches for a host: by default the digest of its own key."""

    data: str
    usage: int = 3
    selector: int = 1
    matching: int = 1

    @classmethod
    def parse(cls, text: str) -> "Tlsa":
        """Read a record; raise MailError with what no sender of mail would make use of."""
        try:
            found = dns.rdata.from_text("IN", "TLSA", text)
        except (dns.exception.DNSException, ValueError):
            found = None
        if not isinstance(found, dns.rdtypes.ANY.TLSA.TLSA):
            raise MailError(f"{text!r} is no TLSA record: write one like '3 1 1 0a1b...'")
        record = cls(found.cert.hex(), found.usage, found.selector, found.mtype)
        record._check(text)
        return record

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data}"

    def _check(self, text: str) -> None:
        if self.usage not in USAGES:
            raise MailError(f"the TLSA record {text!r} has usage {self.usage}: mail knows 2 and 3")
        if self.selector not in (0, 1):
            raise MailError(f"the TLSA record {text!r} has selector {self.selector}: write 0 or 1")
        octets = len(self.data) // 2
        if self.matching and octets != LENGTHS.get(self.matching):
            raise MailError(
                f"the TLSA record {text!r} has {octets} octets and matching {self.matching}: that "
                "is 32 for 1, SHA-256, and 64 for 2, SHA-512"
            )


def record_name(hostname: str) -> str:
    """Return where a host's set for mail is (RFC 6698 section 3)."""
    return f"_{PORT}._tcp.{hostname}"


def ttl(of_records: int) -> int:
    """Return how long caches keep a set, where those of other new records may for so long."""
    return min(of_records, LONGEST_TTL)


def records(digests: Iterable[str]) -> tuple[str, ...]:
    """Return the set that vouches for keys, given by the SHA-256 of what is public of them."""
    return tuple(str(Tlsa(digest)) for digest in sorted(set(digests)))


def is_key_digest(text: str) -> bool:
    """Tell a record of a host's own key, as we write it, from what others put there."""
    return text.split()[:3] == ["3", "1", "1"]
