"""
Security updates of a host, by its own package lists; nothing is downloaded.

Old lists do not contain new updates, so with them the check is unknown.
"""

from collections.abc import Iterator

from ..core.finding import Check, Finding, Severity
from .snapshot import Snapshot

UPDATES = Check(
    "host.updates",
    "host",
    "Are the security updates of the mail packages installed?",
    "apt-get(8)",
    why="A mail server is open to the Internet; known holes are attacked within days.",
    remedy="Run `apt update && apt upgrade`, daily with unattended-upgrades.",
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
    """Check the age of the lists, updates of mail packages, and a pending reboot."""
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
        saw = f"{name}: security updates are available for {', '.join(waiting)}"
        yield UPDATES.warning(name, saw, f"run `apt install --only-upgrade {' '.join(waiting)}`")
    if snapshot.lines("reboot"):
        saw = f"{name}: an update needs a reboot (/run/reboot-required)"
        yield UPDATES.warning(name, saw, "reboot the host")
    if not waiting and not snapshot.lines("reboot"):
        saw = f"{name}: no security update is open; package lists are {age / 3600:.0f} hours old"
        yield UPDATES.ok(name, saw)


def _matters(line: str) -> bool:
    words = line.split()
    return len(words) > 1 and "security" in line.lower() and words[1].startswith(_MAIL)
