"""Figures of a bulk stream: for the page and the JSON of a report."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

OWN_TEST = "a test of this host's own"  # reason for which the suppression of a test is removed
Key = TypeVar("Key", str, tuple[str, str])
_COUNTS = ("delivered", "deferred", "bounced", "returned", "complained", "unsubscribed")


@dataclass(frozen=True)
class BulkResult:
    """Results of one day (UTC) at one receiver: a group, `relay`, or "" if it is not known.

    `deferred` are attempts. `bounced` messages were refused or waited too long, and for `returned`
    ones the host has read a bounce, mostly of the same. `complained` are feedback reports.
    """

    day: str = ""  # YYYY-MM-DD
    receiver: str = ""
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    returned: int = 0
    complained: int = 0
    unsubscribed: int = 0

    @property
    def failed(self) -> int:
        """Return the messages that bounced at once or later."""
        return max(self.bounced, self.returned)

    @property
    def final(self) -> int:
        """Return the messages that receivers have taken or refused."""
        return self.delivered + self.bounced


@dataclass(frozen=True)
class BulkFigures:
    """The results of a stream, one for each day and receiver that has any."""

    results: tuple[BulkResult, ...] = ()

    def since(self, day: str) -> "BulkFigures":
        """Return the figures from a day on."""
        return BulkFigures(tuple(one for one in self.results if one.day >= day))

    @property
    def total(self) -> BulkResult:
        """Return the sum of all."""
        return _added(self.results)

    @property
    def receivers(self) -> Mapping[str, BulkResult]:
        """Return the sums by receiver."""
        return _sums(self.results, lambda one: one.receiver)

    @property
    def days(self) -> Mapping[str, BulkResult]:
        """Return the sums by day."""
        return _sums(self.results, lambda one: one.day)


def bulk_figures(results: Iterable[BulkResult]) -> BulkFigures:
    """Return the figures of the results of several hosts."""
    sums = _sums(results, lambda one: (one.day, one.receiver))
    return BulkFigures(
        tuple(replace(one, day=day, receiver=receiver) for (day, receiver), one in sums.items())
    )


def _sums(
    results: Iterable[BulkResult], key: Callable[[BulkResult], Key]
) -> Mapping[Key, BulkResult]:
    found: defaultdict[Key, list[BulkResult]] = defaultdict(list)
    for one in results:
        found[key(one)].append(one)
    return {name: _added(found[name]) for name in sorted(found)}


def _added(results: Iterable[BulkResult]) -> BulkResult:
    every = tuple(results)
    return BulkResult(**{name: sum(getattr(one, name) for one in every) for name in _COUNTS})
