"""Changes of a zone's record sets, and the answers that name servers then give."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 4  # of many things with the same reason


@dataclass(frozen=True)
class RecordSet:
    """The values of a name and type as in a zone file, and their TTL in seconds."""

    ttl: int
    values: tuple[str, ...]


NOTHING = RecordSet(0, ())


@dataclass(frozen=True)
class RecordChange:
    """A record set that a plan creates, updates or deletes."""

    name: str
    type: str
    existing: RecordSet | None
    desired: RecordSet | None
    why: str
    brief: str = ""  # shown in place of the values

    def __str__(self) -> str:
        sign = "+" if not self.existing else "~" if self.desired else "-"
        shown = self.brief or self._difference()
        return f"{sign} {self.type} {self.name} {shown}  ({self.why})"

    def _difference(self) -> str:
        before, after = self.existing or NOTHING, self.desired or NOTHING
        gone = [value for value in before.values if value not in after.values]
        new = [value for value in after.values if value not in before.values]
        values = " -> ".join(", ".join(values) for values in (gone, new) if values)
        if gone and not new and after.values:
            values = f"without {values}"
        kept = self.existing and self.desired and before.ttl != after.ttl
        return ", ".join(filter(None, (values, f"ttl {before.ttl} -> {after.ttl}" if kept else "")))


@dataclass(frozen=True)
class ExpectedAnswer:
    """The answer of a name server that has a record set of ours."""

    name: str
    type: str
    present: tuple[str, ...]
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


def outcome(change: RecordChange) -> ExpectedAnswer:
    """Return the answer that name servers give after a change."""
    before, after = change.existing or NOTHING, change.desired or NOTHING
    absent = tuple(value for value in before.values if value not in after.values)
    return ExpectedAnswer(change.name, change.type, after.values, absent)


def listed(things: Sequence[str]) -> str:
    """Join the first few of many things, and add the number of the others."""
    more = f" and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    return ", ".join(things[:SHOWN]) + more
