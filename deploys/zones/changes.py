"""What a run does to a zone, as values that can be shown, stored and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 4  # of things that seldom have different reasons


@dataclass(frozen=True)
class RecordSet:
    """The values of a name and type as in a zone file, and their time to live."""

    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A record set that is updated from what it was, or created."""

    name: str
    type: str
    existing: RecordSet | None
    desired: RecordSet
    why: str

    def __str__(self) -> str:
        sign = "~" if self.existing else "+"
        return f"{sign} {self.type} {self.name} {self._difference()}  ({self.why})"

    def _difference(self) -> str:
        before = self.existing or RecordSet(self.desired.ttl, ())
        gone = [value for value in before.values if value not in self.desired.values]
        new = [value for value in self.desired.values if value not in before.values]
        if not gone and not new:
            return f"ttl {before.ttl} -> {self.desired.ttl}"
        return " -> ".join(", ".join(values) for values in (gone, new) if values)


@dataclass(frozen=True)
class Expected:
    """What a name server answers once a record set of ours has reached it."""

    name: str
    type: str
    present: tuple[str, ...]
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


def listed(things: Sequence[str]) -> str:
    """Return the first few of many things, and how many more there are."""
    more = f" and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    return ", ".join(things[:SHOWN]) + more
