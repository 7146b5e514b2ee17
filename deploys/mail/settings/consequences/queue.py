"""Times in the queue, and who may put mail into it."""

from collections.abc import Iterator

from ...postfix import QUEUE_LIFETIMES, items, seconds
from ..model import HostSettings
from .consequence import Choice, Consequence, main_key, value

SHORTEST = 3600  # seconds: greylisting alone takes minutes
PHRASES = {"maximal_queue_lifetime": "bounce mail", "bounce_queue_lifetime": "drop bounces"}


def lifetimes(host: HostSettings) -> Iterator[Consequence]:
    """Yield lifetimes in which a server that is busy cannot take a message (RFC 5321 4.5.4.1)."""
    for parameter in QUEUE_LIFETIMES:
        written = value(host, parameter)
        time = seconds(written)
        if time is not None and time < SHORTEST:
            yield Consequence(
                main_key(host, parameter),
                f"{PHRASES[parameter]} after {written}",
                "write some days",
                "without another try" if time == 0 else "",
                Choice.OPEN if time else Choice.NEVER,
            )


def submitters(host: HostSettings) -> Iterator[Consequence]:
    """Yield a list of local submitters that nobody is in, not even root."""
    users = items(value(host, "authorized_submit_users"))
    if not users or "!root" in users or users == ["static:nobody"]:
        yield Consequence(
            main_key(host, "authorized_submit_users"),
            "refuse mail of its own programs",
            "remove it",
            "reports of cron among them",
        )
