"""
Days of a warm-up's plan, by clocks that may be set.

A day of a plan is a date (UTC) on which the new address has sent to the receiver group; dates
without mail do not count. Two days begin at least half a day apart by the time since the boot, so
that a clock that jumps gives no second allowance. A clock that is set back begins no day.
"""

import secrets
import time
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

SHORTEST_DAY = 12 * 3600  # seconds


@dataclass(frozen=True)
class Moment:
    """A time in seconds: since 1970, and since the boot with this id, which no clock step moves."""

    now: float
    uptime: float = 0.0
    boot: str = ""

    @property
    def date(self) -> str:
        """Return the date in UTC."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.now))


def moment(now: float) -> Moment:
    """Return the present, with its time since 1970."""
    return Moment(now, time.clock_gettime(time.CLOCK_BOOTTIME), _boot())


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@dataclass(frozen=True)
class WarmupPlan:
    """
    Plan of a new address: messages of each day for each receiver group, from a date on.

    Above `deferred` or `bounced`, in percent of the day's attempts, a group pauses. The transports
    that leave by the address begin with `prefix`.
    """

    address: str
    start: str  # YYYY-MM-DD
    figures: tuple[int, ...]
    deferred: int
    bounced: int
    prefix: str

    def most(self, number: int) -> int:
        """Return the messages of a day; days begin with 1."""
        return self.figures[number - 1] if 0 < number <= len(self.figures) else 0

    def is_over(self, number: int) -> bool:
        """Tell whether a day is after the last one, so that there is no limit."""
        return number > len(self.figures)


@dataclass(frozen=True)
class PlanDay:
    """Day of a plan at a receiver group: its number from 1 on, its clocks and its counts."""

    address: str
    receiver: str
    start: str
    number: int
    date: str
    began: float
    boot: str
    uptime: float
    salt: bytes = field(repr=False)
    granted: int = 0
    delivered: int = 0
    # Since the day began, or since the warm-up was told to go on.
    attempts: int = 0
    deferred: int = 0
    bounced: int = 0

    def is_over(self, at: Moment) -> bool:
        """Tell whether the next day of the plan may begin."""
        lasted = at.uptime - self.uptime if at.boot == self.boot else at.now - self.began
        return at.date > self.date and lasted >= SHORTEST_DAY

    def by_clock(self, at: Moment) -> "PlanDay":
        """Return the same day by a clock that was set back, or it would last until its date."""
        if self.began - at.now < SHORTEST_DAY:
            return self
        return replace(self, date=at.date, began=at.now, boot=at.boot, uptime=at.uptime)


def next_day(plan: WarmupPlan, receiver: str, before: PlanDay | None, at: Moment) -> PlanDay | None:
    """Return the day of a plan that begins now; None if the one before lasts, or was the last."""
    number = before.number if before and before.start == plan.start else 0
    if before and not before.is_over(at):
        return None
    if plan.is_over(number):
        return None
    return PlanDay(
        plan.address,
        receiver,
        plan.start,
        number + 1,
        at.date,
        at.now,
        at.boot,
        at.uptime,
        secrets.token_bytes(16),
    )
