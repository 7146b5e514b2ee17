"""
Security updates of a host, by its own package lists; nothing is downloaded.

Old lists do not contain new updates, so with them the check is unknown.
"""

from collections.abc import Iterator

from ...mail.settings.model import MailSettings
from ...mail.units import services
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
# Libraries that the services load, by the beginnings of their packages' names.
_LIBRARIES = ("openssl", "libssl", "libc6", "libunbound", "liblmdb", "libsasl2")
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
    mail = _packages(snapshot.host)
    found = {_update(line, mail) for line in snapshot.lines("update")}
    waiting = sorted(found - {""})
    if waiting:
        saw = f"{name}: security updates are available for {', '.join(waiting)}"
        yield UPDATES.warning(name, saw, f"run `apt install --only-upgrade {' '.join(waiting)}`")
    if snapshot.lines("reboot"):
        saw = f"{name}: an update needs a reboot (/run/reboot-required)"
        yield UPDATES.warning(name, saw, "reboot the host")
    if not waiting and not snapshot.lines("reboot"):
        saw = f"{name}: no security update is open; package lists are {age / 3600:.0f} hours old"
        yield UPDATES.ok(name, saw)


def _update(line: str, mail: tuple[str, ...]) -> str:
    """Return the package of a security update for mail, or nothing."""
    words = line.split()
    matters = len(words) > 1 and "security" in line.lower() and words[1].startswith(mail)
    return words[1] if matters else ""


def _packages(host: MailSettings) -> tuple[str, ...]:
    """Return the beginnings of the names of packages that mail needs, also those not installed."""
    names = (name for one in services(host) for name in (one.name, *one.packages))
    return (*names, *_LIBRARIES)
