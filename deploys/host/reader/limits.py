"""Bounds of what one report can say."""

from .archive import Unreadable

MOST_ROWS = 2000  # sources or failures of a report
LARGEST_COUNT = 10**9  # messages or sessions in a row
LONGEST = 200  # characters of a text
_DAY = 86_400
_OLDEST, _AHEAD, _LONGEST_RANGE = 60 * _DAY, 2 * _DAY, 8 * _DAY


def bounded(count: int) -> int:
    """Return a count that sums in the database can hold."""
    return min(count, LARGEST_COUNT)


def require_recent(begin: float, end: float, now: float) -> None:
    """Raise Unreadable for a range of days that no report of today can have."""
    if begin < now - _OLDEST:
        raise Unreadable("the report is older than 60 days")
    if end > now + _AHEAD:
        raise Unreadable("the report is of days to come")
    if end - begin > _LONGEST_RANGE or end < begin:
        raise Unreadable("the report is of more than 8 days, or ends before it begins")
