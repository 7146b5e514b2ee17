"""
The registry: which record sets of a zone are ours.

A TXT record set at `_pyinfra-mail.<zone>` says so in words, one value a record set, so that it
can be read and mended by hand:

    3f9a1c host mx1.example.org
    3f9a1c MX @ 5d41402a bc4b2a76

The first word is the mark of a fleet, and `host` says which hosts that fleet has. The other values
name a type, a name in the zone (`@` is the zone's own), and a digest of each value as we wrote it.
Where we joined the SPF policy of somebody, the type is `SPF`, and each digest is of one term.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ...mail.errors import MailError

LABEL = "_pyinfra-mail"
APEX, HOST = "@", "host"
TAG_DIGITS, DIGITS = 6, 8
PER_VALUE = 16  # digests, so that a value is one string (RFC 1035 section 3.3.14: 255 octets)
_TEXT = re.compile(
    rf"(?P<tag>[0-9a-f]{{{TAG_DIGITS}}}) (?P<type>[A-Za-z0-9]+) (?P<name>\S+)"
    rf"(?P<digests>( [0-9a-f]{{{DIGITS}}})*)"
)


def is_registry(name: str) -> bool:
    """Tell the registry's name from all others."""
    return name.partition(".")[0] == LABEL


def digest(text: str) -> str:
    """Return the short digest of a value as it stands in a zone file, TXT unquoted."""
    return sha256(text.encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True)
class Mark:
    """One value of the registry: a fleet's host, or values of a record set that it wrote."""

    tag: str
    type: str
    name: str  # relative to the zone; of a host its full name
    digests: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """Read a value; raise MailError that quotes what is none."""
        found = _TEXT.fullmatch(text)
        if not found or bool(found["digests"]) == (found["type"] == HOST):
            raise MailError(
                f"{text!r} is no mark: one is a fleet, a type, a name and digests, like "
                "'3f9a1c MX @ 5d41402a'"
            )
        name = "" if found["name"] == APEX else found["name"]
        return cls(found["tag"], found["type"], name, tuple(found["digests"].split()))

    def __str__(self) -> str:
        return " ".join((self.tag, self.type, self.name or APEX, *self.digests))

    @property
    def key(self) -> tuple[str, str]:
        """What of a zone is marked: a relative name, and a type or `SPF`."""
        return self.name, self.type


@dataclass(frozen=True)
class Registry:
    """All values: marks, and what else somebody wrote beside them."""

    marks: tuple[Mark, ...] = ()
    others: tuple[str, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Registry":
        """Read a registry; what is no mark is kept as it is."""
        marks, others = [], []
        for text in texts:
            try:
                marks.append(Mark.parse(text))
            except MailError:
                others.append(text)
        return cls(tuple(marks), tuple(others))

    def texts(self) -> tuple[str, ...]:
        """Return every value, in one order."""
        return (*sorted(map(str, self.marks)), *self.others)

    def tags(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Return the marks of the fleets that have one of these hosts."""
        known = set(hosts)
        found = (mark.tag for mark in self.marks if mark.type == HOST and mark.name in known)
        return tuple(sorted(set(found)))

    def promised(self, tags: Iterable[str] | None = None) -> dict[tuple[str, str], set[str]]:
        """Return the digests by name and type that some fleets, or all, say are there."""
        wanted = None if tags is None else set(tags)
        found: dict[tuple[str, str], set[str]] = {}
        for mark in self.marks:
            if mark.type != HOST and (wanted is None or mark.tag in wanted):
                found.setdefault(mark.key, set()).update(mark.digests)
        return found

    def without(self, tags: Iterable[str]) -> "Registry":
        """Return what is left without the marks of some fleets."""
        gone = set(tags)
        return Registry(tuple(mark for mark in self.marks if mark.tag not in gone), self.others)


def new_tag(hosts: Sequence[str], registry: Registry) -> str:
    """Return a mark for a fleet that has none yet; a host that left one fleet may found another."""
    taken = {mark.tag for mark in registry.marks}
    text = hosts[0]
    while (tag := sha256(text.encode()).hexdigest()[:TAG_DIGITS]) in taken:
        text += "+"
    return tag


def marks_for(tag: str, key: tuple[str, str], digests: Iterable[str]) -> Iterable[Mark]:
    """Return the marks of one record set."""
    name, record_type = key
    every = sorted(digests)
    for start in range(0, len(every), PER_VALUE):
        yield Mark(tag, record_type, name, tuple(every[start : start + PER_VALUE]))
