"""TLSA records of mail hosts (RFC 6698, RFC 7672).

The record set at `_25._tcp.<host>` lists the TLS keys of a host. `3 1 1 <64 hex digits>` is the
SHA-256 digest of a key, independent of its certificate (RFC 7672 section 3.1.1), so a renewal that
keeps the key changes nothing. A sender that finds the set in a signed zone delivers to a matching
key or not at all. So a key must be in the set, and in every cache of it, before the host uses it
(RFC 7671 section 8.1): a set of ours always holds the current and the next keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.rdata
import dns.rdtypes.ANY.TLSA

from .errors import MailError

PORT = 25
# Seconds: every sender knows a new set after that time.
LONGEST_TTL = 300
USAGES = {2: "DANE-TA", 3: "DANE-EE"}  # RFC 7672 section 3.1: SMTP uses no others
LENGTHS = {1: 32, 2: 64}  # octets of SHA-256 and SHA-512


@dataclass(frozen=True)
class Tlsa:
    """A record: by default the SHA-256 digest of the host's own key."""

    data: str
    usage: int = 3
    selector: int = 1
    matching: int = 1

    @classmethod
    def parse(cls, text: str) -> "Tlsa":
        """Return a record from its text; raise MailError where mail does not use it."""
        try:
            found = dns.rdata.from_text("IN", "TLSA", text)
        except (dns.exception.DNSException, ValueError):
            found = None
        if not isinstance(found, dns.rdtypes.ANY.TLSA.TLSA):
            raise MailError(f"{text!r} is not a TLSA record: write one like '3 1 1 0a1b...'")
        record = cls(found.cert.hex(), found.usage, found.selector, found.mtype)
        record._check(text)
        return record

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data}"

    def _check(self, text: str) -> None:
        if self.usage not in USAGES:
            raise MailError(f"the TLSA record {text!r} has usage {self.usage}: write 2 or 3")
        if self.selector not in (0, 1):
            raise MailError(f"the TLSA record {text!r} has selector {self.selector}: write 0 or 1")
        octets = len(self.data) // 2
        if self.matching and octets != LENGTHS.get(self.matching):
            raise MailError(
                f"the TLSA record {text!r} has {octets} octets and matching {self.matching}: "
                "write 32 octets for 1 (SHA-256), 64 for 2 (SHA-512)"
            )


def record_name(hostname: str) -> str:
    """Return the name of a host's record set for mail (RFC 6698 section 3)."""
    return f"_{PORT}._tcp.{hostname}"


def ttl(default: int) -> int:
    """Return the TTL of a set in seconds, where other new records have the default."""
    return min(default, LONGEST_TTL)


def records(digests: Iterable[str]) -> tuple[str, ...]:
    """Return the record set for keys, from the SHA-256 digests of their public halves."""
    return tuple(str(Tlsa(digest)) for digest in sorted(set(digests)))


def is_key_digest(text: str) -> bool:
    """Tell a record as we write it, the digest of a host's own key, from others."""
    return text.split()[:3] == ["3", "1", "1"]
