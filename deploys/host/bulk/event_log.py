"""
The event log: every event as one line of JSON, in a file that other programs read.

Its last line tells which events it has, so that a program that was killed adds the missing ones,
and none twice.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from .event import StoredEvent

LARGEST = 64 * 1024 * 1024  # octets of a file, which then becomes `.1`
FILES = 4  # older ones that are kept
_END = 64 * 1024  # octets at the end of a file, in which its last line is


class EventLog:
    """The event log at a path."""

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self._path = path
        self._largest = largest
        self._cut_broken_line()
        self.last = self._last_number()

    def follow(self, newest: int) -> None:
        """Begin at the first event of a store whose last number is lower: it is another store."""
        if newest < self.last:
            self.last = 0

    def write(self, events: Sequence[StoredEvent]) -> None:
        """Add events, and remember the last of them."""
        if not events:
            return
        if self._path.exists() and self._path.stat().st_size >= self._largest:
            self._rotate()
        with self._path.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{event.line()}\n" for event in events)
        self.last = events[-1].number

    def _rotate(self) -> None:
        names = [self._path, *(self._numbered(number) for number in range(1, FILES + 1))]
        for older, newer in reversed(list(zip(names[1:], names, strict=False))):
            if newer.exists():
                newer.replace(older)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _cut_broken_line(self) -> None:
        """Remove a line that a killed program has not finished."""
        if not self._path.exists():
            return
        with self._path.open("rb+") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _END))
            end = stream.read()
            stream.truncate(size - len(end) + end.rfind(b"\n") + 1)

    def _last_number(self) -> int:
        for path in (self._path, self._numbered(1)):
            if path.exists() and (lines := path.read_bytes()[-_END:].splitlines()):
                return int(json.loads(lines[-1])["id"])
        return 0
