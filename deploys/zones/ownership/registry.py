"""
Registry of a zone: the TXT record set `_pyinfra-mail.<zone>`, which lists our record sets.

It is plain text, one value for each record set, so that a person can read and correct it:

    3f9a1c host mx1.example.org
    3f9a1c MX @ 5d41402a bc4b2a76

The first word is the tag of a fleet, and a `host` value names a host of that fleet. The other
values name a type, a name in the zone (`@` is the zone itself), and a digest of each value as we
wrote it. In an SPF policy that we share with others the type is `SPF`, and each digest is of one
term.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from octodns.record import Record
from octodns.zone import Zone

from ...mail.errors import MailError
from ..model import recordsets
from ..model.recordsets import RecordKey

LABEL = "_pyinfra-mail"
APEX, HOST = "@", "host"
KEY: RecordKey = (LABEL, "TXT")
TTL = 3600  # seconds
TAG_DIGITS, DIGITS = 6, 8
PER_VALUE = 16  # digests, so that a value is one string (RFC 1035 section 3.3.14: 255 octets)
_TEXT = re.compile(
    rf"(?P<tag>[0-9a-f]{{{TAG_DIGITS}}}) (?P<type>[A-Za-z0-9]+) (?P<name>\S+)"
    rf"(?P<digests>( [0-9a-f]{{{DIGITS}}})*)"
)


def is_registry(name: str) -> bool:
    """Tell whether a full name is a registry's."""
    return name.partition(".")[0] == LABEL


def digest(text: str) -> str:
    """Return the short digest of a value as in a zone file, TXT unquoted."""
    return sha256(text.encode()).hexdigest()[:DIGITS]


@dataclass(frozen=True)
class Mark:
    """One value of the registry: a host of a fleet, or values of a record set that it wrote."""

    tag: str
    type: str
    name: str  # relative to the zone; of a host its full name
    digests: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """Parse a value; raise MailError that quotes an invalid one."""
        found = _TEXT.fullmatch(text)
        if not found or bool(found["digests"]) == (found["type"] == HOST):
            raise MailError(
                f"{text!r} is not a mark, which is a fleet's tag, a type, a name and digests, "
                "as in '3f9a1c MX @ 5d41402a'"
            )
        name = "" if found["name"] == APEX else found["name"]
        return cls(found["tag"], found["type"], name, tuple(found["digests"].split()))

    def __str__(self) -> str:
        return " ".join((self.tag, self.type, self.name or APEX, *self.digests))

    @property
    def key(self) -> tuple[str, str]:
        """The relative name and the label (a type or `SPF`) that are marked."""
        return self.name, self.type


@dataclass(frozen=True)
class Registry:
    """All values of a registry: its marks, and values of others."""

    marks: tuple[Mark, ...] = ()
    others: tuple[str, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Registry":
        """Parse a registry; a value that is not a mark is kept unchanged."""
        marks, others = [], []
        for text in texts:
            try:
                marks.append(Mark.parse(text))
            except MailError:
                others.append(text)
        return cls(tuple(marks), tuple(others))

    def texts(self) -> tuple[str, ...]:
        """Return every value, sorted."""
        return (*sorted(map(str, self.marks)), *self.others)

    def tags(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Return the tags of the fleets that have one of these hosts."""
        known = set(hosts)
        found = (mark.tag for mark in self.marks if mark.type == HOST and mark.name in known)
        return tuple(sorted(set(found)))

    def digests(self, tags: Iterable[str] | None = None) -> dict[tuple[str, str], set[str]]:
        """Return the digests that these fleets, or all, have written, by name and label."""
        wanted = None if tags is None else set(tags)
        found: dict[tuple[str, str], set[str]] = {}
        for mark in self.marks:
            if mark.type != HOST and (wanted is None or mark.tag in wanted):
                found.setdefault(mark.key, set()).update(mark.digests)
        return found

    def without(self, tags: Iterable[str]) -> "Registry":
        """Return the registry without the marks of some fleets."""
        gone = set(tags)
        return Registry(tuple(mark for mark in self.marks if mark.tag not in gone), self.others)


def new_tag(hosts: Sequence[str], registry: Registry) -> str:
    """Return an unused tag for a fleet; its first host may have been in another fleet before."""
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


def of_record(record: Record | None) -> Registry:
    """Return the registry that a record set holds."""
    return Registry.parse(recordsets.texts(record))


def read(zone: Zone) -> Registry:
    """Return the registry of a zone."""
    return of_record(recordsets.sets(zone).get(KEY))


def write(zone: Zone, registry: Registry) -> None:
    """Put a registry into a desired zone; an empty registry is removed."""
    record = recordsets.sets(zone).get(KEY)
    known, texts = recordsets.texts(record), registry.texts()
    if set(texts) == known.keys():
        return
    if not texts:
        zone.remove_record(record)
        return
    fresh = [text for text in texts if text not in known]
    values = [known[text] for text in texts if text in known]
    values += recordsets.new_values(zone, KEY, fresh) if fresh else []
    ttl = record.ttl if record else TTL
    zone.add_record(recordsets.new_record(zone, KEY, ttl, values), replace=True, lenient=True)
