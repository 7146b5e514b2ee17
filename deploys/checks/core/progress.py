"""
Progress of the checks, on standard error.

On a terminal it is one line that changes, above the line of pyinfra's own sign. Elsewhere each
finished task is a line. If pyinfra is silent (`--json`), there is no output.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported when there is progress to show
    from rich.console import Console


class Progress:
    """Tasks that run now, without output; subclasses override `show`, `done` and `end`."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    @contextmanager
    def checking(self, task: str) -> Iterator[None]:
        """Show a task for as long as it runs."""
        self.now(task, f"checking {task}")
        try:
            yield
        finally:
            self.done(self._now.pop(task))
            self.show(tuple(self._now.values()))

    def now(self, task: str, text: str) -> None:
        """Show how far a task has come."""
        self._now[task] = text
        self.show(tuple(self._now.values()))

    def show(self, now: Sequence[str]) -> None:
        """Show the tasks that run now."""

    def done(self, text: str) -> None:
        """Show that a task is finished."""

    def end(self) -> None:
        """Clear the output."""


class Line(Progress):
    """One line that changes."""

    def __init__(self, console: "Console") -> None:
        super().__init__()
        self._console = console
        self._drawn = False

    def show(self, now: Sequence[str]) -> None:
        """Draw the line again; the latest task comes first."""
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
        """Go up to the line, if there is one, and clear it."""
        self._console.file.write("\x1b[1A\r\x1b[2K" if self._drawn else "\r\x1b[2K")
        self._drawn = False


class Lines(Progress):
    """A line for each finished task."""

    def __init__(self, console: "Console") -> None:
        super().__init__()
        self._console = console

    def done(self, text: str) -> None:
        """Print a finished task, or how far it has come."""
        self._console.print(
            f"    {text.replace('checking', 'checked', 1)}", markup=False, soft_wrap=True
        )


def progress() -> Progress:
    """Return the progress output for the kind of standard error."""
    from rich.console import Console  # noqa: PLC0415 - see above

    console = Console(stderr=True, highlight=False)
    if os.environ.get("PYINFRA_PROGRESS") == "off":  # pyinfra sets it for --json
        return Progress()
    return Line(console) if console.is_terminal else Lines(console)
