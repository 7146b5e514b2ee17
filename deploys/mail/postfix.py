"""Postfix parameters: defaults and time values (postconf(5))."""

import re
from collections.abc import Mapping

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DELAY_WARNING = 14_400  # seconds, the default of mail_delay_warning
QUEUE_DAYS = 5  # the default of both QUEUE_LIFETIMES
# The defaults that this project reads, the same in Postfix 3.7 and 3.10.
DEFAULTS: Mapping[str, str] = {
    "bounce_queue_lifetime": f"{QUEUE_DAYS}d",
    "inet_interfaces": "all",
    "maximal_queue_lifetime": f"{QUEUE_DAYS}d",
}
# The times that mail and bounces may wait in the queue.
QUEUE_LIFETIMES = ("maximal_queue_lifetime", "bounce_queue_lifetime")


def seconds(value: str, default_unit: str = "d") -> int | None:
    """Return a time value in seconds; None for an expression such as `$other_parameter`."""
    found = re.fullmatch(r"(\d+)\s*([smhdw]?)", value.strip())
    return int(found[1]) * UNITS[found[2] or default_unit] if found else None
