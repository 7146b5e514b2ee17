"""
Security updates that wait, by the package lists that the host has; nothing is fetched.

Lists that are old do not know of what is new, so they prove nothing.
"""

from collections.abc import Iterator

from ..core.finding import Check, Finding, Severity
from .snapshot import Snapshot

UPDATES = Check(
    "host.updates",
    "host",
    "Are the security updates of what carries mail installed?",
    "apt-get(8)",
    why="A mail server talks to the whole world; known holes in it are tried within days.",
    remedy="Run `apt update && apt upgrade`; let unattended-upgrades do it daily.",
    worst=Severity.WARNING,
)
_MAIL = (
    "postfix",
    "dovecot",
    "rspamd",
    "redis",
    "unbound",
    "nginx",
    "fail2ban",
    "certbot",
    "openssl",
    "libssl",
    "libc6",
    "libunbound",
    "liblmdb",
    "libsasl2",
    "python3-postfix",
)
_DAY = 86_400
_OLD = 7 * _DAY


def updates(snapshot: Snapshot) -> Iterator[Finding]:
    """Judge the age of the lists, what waits of mail's packages, and whether a boot is needed."""
    name = snapshot.host.inventory_name
    times = [int(line) for line in snapshot.lines("listed") if line.isdecimal()]
    if not times or not snapshot.lines("list"):
        yield UPDATES.unknown(name, f"{name}: it has no package lists", "run `apt update`")
        return
    age = max(0.0, snapshot.now - max(times))
    if age > _OLD:
        saw = f"{name}: its package lists are {age / _DAY:.0f} days old"
        yield UPDATES.unknown(name, saw, "run `apt update`, daily (apt-daily.timer)")
        return
    waiting = sorted({line.split()[1] for line in snapshot.lines("update") if _matters(line)})
    if waiting:
        saw = f"{name}: security updates wait for {', '.join(waiting)}"
        yield UPDATES.warning(name, saw, f"run `apt install --only-upgrade {' '.join(waiting)}`")
    if snapshot.lines("reboot"):
        saw = f"{name}: an update waits for a boot (/run/reboot-required)"
        yield UPDATES.warning(name, saw, "boot the host")
    if not waiting and not snapshot.lines("reboot"):
        saw = f"{name}: no security update waits, by lists that are {age / 3600:.0f} hours old"
        yield UPDATES.ok(name, saw)


def _matters(line: str) -> bool:
    words = line.split()
    return len(words) > 1 and "security" in line.lower() and words[1].startswith(_MAIL)
