"""A clock for tests, in place of the module `time`: it stands still but for sleeps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Clock:
    """Seconds since it was made; a sleep moves it on at once, and does what is due meanwhile."""

    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)
    _due: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        end = self.now + seconds
        for one in sorted(self._due, key=lambda one: one[0]):
            if one[0] <= end:
                self._due.remove(one)
                self.now = max(self.now, one[0])
                one[1]()
        self.now = end

    def at(self, moment: float, action: Callable[..., object], *arguments: Any) -> None:
        """Call a function when a sleep passes a moment."""
        self._due.append((moment, lambda: action(*arguments)))
