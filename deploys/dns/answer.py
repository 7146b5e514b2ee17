"""Answers of the DNS as values, and the one text form of names and record data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import dns.name
import dns.rdata
from dns.rdtypes.ANY.TXT import TXT


@dataclass(frozen=True)
class Answer:
    """
    The values of a record set on one authoritative server, or the problem in place of them.

    It is `silent` if nothing at all came from its address, to which there may be no route.
    """

    server: str
    values: tuple[str, ...] = ()
    problem: str = ""
    silent: bool = False


@dataclass(frozen=True)
class Delegation:
    """A zone, the names of its servers, and the addresses that came with them (glue)."""

    zone: str
    servers: tuple[str, ...]
    glue: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)


class Trust(StrEnum):
    """The result of DNSSEC validation (RFC 4035 section 4.3)."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"


@dataclass(frozen=True)
class Cached:
    """The answer of one resolver, and the seconds for which its cache keeps it."""

    values: tuple[str, ...]
    ttl: int = 0


def texts(rdatas: Iterable[dns.rdata.Rdata]) -> tuple[str, ...]:
    """Return values as in a zone file, but a TXT value as one text without quotes."""
    return tuple(map(_text, rdatas))


def exchange(value: str) -> str:
    """Return the host name in an MX value, in lower case; empty for a null MX (RFC 7505)."""
    return value.rsplit(maxsplit=1)[-1].removesuffix(".").lower()


def plain_name(name: dns.name.Name) -> str:
    """Return a name without its final dot; the root is an empty text."""
    return name.to_text(omit_final_dot=True).removesuffix(".")


def one_line(error: Exception) -> str:
    """Return the text of an exception as a part of a sentence."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _text(rdata: dns.rdata.Rdata) -> str:
    # RFC 7208 section 3.3: the strings of one TXT record are one text, joined without a space.
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode(errors="replace")
    return str(rdata.to_text())
