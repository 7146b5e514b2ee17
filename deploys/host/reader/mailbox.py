"""
Maildir of the reader: Postfix delivers to `new`, and a message is in `cur` while it is read.

A message without a report that can be read is kept in `unread`, within bounds. All others are
deleted once the database has their sums.
"""

from collections.abc import Iterator
from pathlib import Path

MOST_KEPT = 50  # messages in `unread`, and the octets of all of them
LARGEST_KEPT = 100 * 2**20
AGAIN = 75  # status of a batch that no message is at fault for (sysexits(3), EX_TEMPFAIL)


class ReportMailbox:
    """The directories of a mailbox, which a delivery makes too."""

    def __init__(self, folder: Path) -> None:
        self.new, self.current, self.unread = (folder / name for name in ("new", "cur", "unread"))
        for one in (folder, self.new, self.current, self.unread, folder / "tmp"):
            one.mkdir(mode=0o700, exist_ok=True)

    def waiting(self) -> list[Path]:
        """Return the messages that nobody has read, the oldest first."""
        return sorted(self.new.iterdir(), key=lambda one: one.stat().st_mtime)

    def begun(self) -> Iterator[Path]:
        """Yield the messages whose reading has not ended."""
        yield from sorted(self.current.iterdir())

    def begin(self, message: Path) -> Path:
        """Note that a message is being read; return its new path."""
        return message.rename(self.current / message.name)

    def begin_again(self) -> None:
        """Return messages to `new` whose reader was ended together with the host or the unit."""
        for one in self.begun():
            one.rename(self.new / one.name)

    def keep(self, message: Path) -> None:
        """Keep a message that has no readable report; the oldest ones go beyond the bounds."""
        message.rename(self.unread / message.name)
        kept = sorted(self.unread.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        size = 0
        for number, one in enumerate(kept):
            size += one.stat().st_size
            if number >= MOST_KEPT or size > LARGEST_KEPT:
                one.unlink()
