"""
Limits of the evidence in reports, for DMARC and MTA-STS policies that are `"auto"`.

A policy becomes stricter if nearly nothing fails, by reports that are not old. It goes back if much
of the last days fails.
"""

from collections.abc import Collection

from .report_store import days_before

LATEST = 4  # days since the newest report
MOST_FAILING = 200  # one message or session of so many may fail
BACK_DAYS, BACK_FAILURES, BACK_SHARE = 7, 20, 20  # the share is one of so many


def newest_is_late(days: Collection[str], today: str) -> str:
    """Return what is wrong with the newest of these days, in words; "" if it is recent."""
    if not days:
        return "none has come"
    return f"the newest is of {max(days)}" if max(days) < days_before(today, LATEST) else ""


def nearly_all_pass(failed: int, total: int) -> bool:
    """Tell whether a policy may become stricter."""
    return failed * MOST_FAILING <= total


def much_fails(failed: int, total: int) -> bool:
    """Tell whether a policy goes back, of the messages or sessions of the last days."""
    return failed >= BACK_FAILURES and failed * BACK_SHARE > total
