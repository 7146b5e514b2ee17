"""
Pace of a group: it is slowed when its receivers defer many messages, and recovers by steps.

Each step lasts five minutes. Then the group goes one step down, or one up while most of its
messages are still deferred.
"""

from collections import deque
from dataclasses import dataclass, field

BURST = 10  # deferrals within WINDOW that slow a group, if they are half of its messages
WINDOW = 60  # seconds
STEP = 300  # seconds
MESSAGES_A_MINUTE = (0, 60, 12, 2)  # of each step; 0: no limit


@dataclass
class Pace:
    """Pace of one group: its step since a time, and the results that decide about the next one."""

    step: int = 0
    since: float = 0.0
    reason: str = ""
    _window: deque[tuple[float, bool]] = field(default_factory=deque)
    _results: int = 0
    _deferrals: int = 0
    _allowed: float = 0.0
    _filled: float = 0.0

    def note(self, now: float, *, deferred: bool, text: str = "") -> None:
        """Note the result of one message, with the receiver's text if it was deferred."""
        self._count(deferred, 1)
        self.reason = text or self.reason
        if self.step:
            return
        self._window.append((now, deferred))
        while not now - WINDOW <= self._window[0][0] <= now:  # the clock may have been set back
            self._count(self._window.popleft()[1], -1)
        if self._deferrals >= BURST and 2 * self._deferrals >= self._results:
            self._go(1, now)

    def passes(self, now: float) -> bool:
        """Tell whether a message may pass now, and count it."""
        most = MESSAGES_A_MINUTE[self.step]
        if not most:
            return True
        elapsed = max(now - self._filled, 0.0)
        self._allowed, self._filled = min(most, self._allowed + elapsed * most / 60), now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True

    def move(self, now: float) -> None:
        """Go one step up or down if this one has lasted long enough."""
        self.since = min(self.since, now)
        if self.step and now - self.since >= STEP:
            up = 2 * self._deferrals > self._results
            self._go(min(self.step + 1, len(MESSAGES_A_MINUTE) - 1) if up else self.step - 1, now)

    def _count(self, deferred: bool, one: int) -> None:  # noqa: FBT001 - of a pair
        self._results += one
        self._deferrals += one * deferred

    def _go(self, step: int, now: float) -> None:
        self.step, self.since, self._filled, self._allowed = step, now, now, 1.0
        self._window.clear()
        self._results = self._deferrals = 0
