"""
Turns: work that the first host of a fleet does for all of them.

pyinfra runs an operation for each host. If the work concerns the whole fleet, the first host to
arrive does it, so that no host that fails later can stop it. The others wait for its end, one at a
time, and use its result. A step that needs every host has a barrier instead.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from gevent.lock import BoundedSemaphore

Result = TypeVar("Result")


class Turns(Generic[Result]):
    """The results of the first hosts, by the subject of their work."""

    def __init__(self) -> None:
        self._semaphore = BoundedSemaphore()
        self._results: dict[Hashable, Result] = {}

    @property
    def results(self) -> list[Result]:
        """Return all results, in the order of their work."""
        return list(self._results.values())

    @contextmanager
    def turn(self, subject: Hashable, work: Callable[[], Result]) -> Iterator[tuple[Result, bool]]:
        """Hold the turn; yield the result of the work, and whether it was done in this turn."""
        with self._semaphore:
            first = subject not in self._results
            if first:
                self._results[subject] = work()
            yield self._results[subject], first
