"""
The host's clock: certificates, DKIM signatures and log lines are only as good as it is.

It is seen from here before and after a command, so what is known of it is a pair of bounds; clocks
that can agree are taken to agree.
"""

from collections.abc import Iterator

from ..core.finding import Check, Finding
from .snapshot import Snapshot

CLOCK = Check(
    "host.clock",
    "host",
    "Is the host's clock right?",
    "RFC 6376 section 3.5 (t=, x=); RFC 5905",
    why="A wrong clock makes certificates invalid and signatures come from the future.",
    remedy="Run systemd-timesyncd or chrony, and let it reach a time server.",
)
_MOST = 5.0


def clock(snapshot: Snapshot) -> Iterator[Finding]:
    """Judge how far the clock must be off, and whether anything keeps it."""
    name = snapshot.host.inventory_name
    lowest, highest = snapshot.behind
    off = max(lowest, -highest, 0.0)
    synchronized = "yes" in snapshot.lines("synchronized")
    contained = [one for one in snapshot.lines("container") if one and one != "none"]
    fix = "start systemd-timesyncd or chrony on the host, or mend the clock of this machine"
    if off > _MOST:
        where = "behind" if lowest > 0 else "ahead of"
        saw = f"{name}: its clock is at least {off:.1f} s {where} this machine's"
        yield CLOCK.error(name, saw, fix)
    elif synchronized:
        yield CLOCK.ok(name, f"{name}: agrees with this machine, and is synchronised")
    elif contained:
        saw = f"{name}: agrees with this machine; a container ({contained[0]}) has no own clock"
        yield CLOCK.ok(name, saw)
    else:
        saw = f"{name}: agrees with this machine now, but nothing synchronises it"
        yield CLOCK.warning(name, saw, fix)
