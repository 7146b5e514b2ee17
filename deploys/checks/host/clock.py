"""
Clock of a host: certificates, DKIM signatures and log lines depend on it.

The clock of this machine is read before and after a command, so the difference has two bounds. If
zero lies between them, the clocks agree.
"""

from collections.abc import Iterator

from ..core.finding import Check, Finding
from .snapshot import Snapshot

CLOCK = Check(
    "host.clock",
    "host",
    "Is the host's clock right?",
    "RFC 6376 section 3.5 (t=, x=); RFC 5905",
    why="With a wrong clock, certificates are invalid and signatures are dated in the future.",
    remedy="Run systemd-timesyncd or chrony, with a time server that it can reach.",
)
_MOST = 5.0  # seconds


def clock(snapshot: Snapshot) -> Iterator[Finding]:
    """Check the least error of the clock, and its synchronisation."""
    name = snapshot.host.inventory_name
    lowest, highest = snapshot.behind
    off = max(lowest, -highest, 0.0)
    synchronized = "yes" in snapshot.lines("synchronized")
    contained = [one for one in snapshot.lines("container") if one and one != "none"]
    fix = "start systemd-timesyncd or chrony on the host, or correct the clock of this machine"
    if off > _MOST:
        where = "behind" if lowest > 0 else "ahead of"
        saw = f"{name}: its clock is at least {off:.1f} s {where} this machine's"
        yield CLOCK.error(name, saw, fix)
    elif synchronized:
        yield CLOCK.ok(name, f"{name}: agrees with this machine, and is synchronised")
    elif contained:
        saw = f"{name}: agrees with this machine; it is a container ({contained[0]})"
        yield CLOCK.ok(name, saw)
    else:
        saw = f"{name}: agrees with this machine now, but is not synchronised"
        yield CLOCK.warning(name, saw, fix)
