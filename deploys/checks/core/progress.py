"""
What is being asked, for a person who waits.

On a terminal one line changes; it stands above the one in which pyinfra turns its own sign.
Elsewhere each thing that is done is a line, and where pyinfra is silent (`--json`), so is this.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Says nothing; what others show is in `show` and `done`."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Say that something is being asked, until it is answered."""
        self.now(what, f"asking {what}")
        try:
            yield
        finally:
            self.done(self._now.pop(what))
            self.show(tuple(self._now.values()))

    def now(self, what: str, words: str) -> None:
        """Say how far something has come that is being asked."""
        self._now[what] = words
        self.show(tuple(self._now.values()))

    def show(self, now: Sequence[str]) -> None:
        """Show what is being asked."""

    def done(self, words: str) -> None:
        """Show that something was answered."""

    def end(self) -> None:
        """Take away what is shown."""


class Line(Progress):
    """One line that changes."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._drawn = False

    def show(self, now: Sequence[str]) -> None:
        """Draw the line anew; what came last is the likeliest to be of interest."""
        self.end()
        if not now:
            return
        text = "    " + "; ".join(reversed(now))
        width = self._console.width - 1
        short = text if len(text) <= width else f"{text[: width - 3]}..."
        self._console.file.write(f"{short}\n")
        self._console.file.flush()
        self._drawn = True

    def end(self) -> None:
        """Go up to the line, if it is there, and clear it."""
        self._console.file.write("\x1b[1A\r\x1b[2K" if self._drawn else "\r\x1b[2K")
        self._drawn = False


class Lines(Progress):
    """A line for each thing that is done."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def done(self, words: str) -> None:
        """Print what was asked, or how far it came."""
        self._console.print(f"    {words.replace('asking', 'asked', 1)}", markup=False)


def progress() -> Progress:
    """Return what suits where standard error goes to."""
    console = Console(stderr=True, highlight=False)
    if os.environ.get("PYINFRA_PROGRESS") == "off":  # which pyinfra itself sets for --json
        return Progress()
    return Line(console) if console.is_terminal else Lines(console)
