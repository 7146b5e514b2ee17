"""Installation of packages by apt-get(8), and the reason in one sentence if it is not possible."""

import re
import time
from collections.abc import Collection

from .patience import bound
from .shell import Refused, must, run, tail

# Packages of others are never removed.
OPTIONS = ("-y", "--no-remove", "--no-install-recommends")
LOCK_PAUSE = 1.0
LOCKED = "lock was locked by another process"
KEEP = ("-o", "Dpkg::Options::=--force-confold")
UNMET = re.compile(r"^ ?(\S+ : (?:Pre)?(?:Depends|Conflicts|Breaks): .+)$", re.MULTILINE)
HELD = re.compile(r"^The following held packages will be changed:\n((?: +.+\n)+)", re.MULTILINE)
REMOVED = re.compile(r"^Remv (\S+)", re.MULTILINE)
ABSENT = re.compile(
    r"^E: (?:Package '(\S+)' has no installation candidate|Unable to locate package (\S+))",
    re.MULTILINE,
)


def install(packages: Collection[str]) -> None:
    """Install packages from the host's sources; raise Refused with the reason."""
    # An interrupted run may have left packages unpacked.
    _configure()
    must("install", "apt-get", "-qq", "update")
    waits = ("-o", f"DPkg::Lock::Timeout={lock_seconds():.0f}")
    done = run("apt-get", "-qq", *OPTIONS, *KEEP, *waits, "install", *packages)
    if done.returncode:
        simulated = run("apt-get", "-s", "-y", "--no-install-recommends", "install", *packages)
        said = f"{done.stderr}\n{simulated.stdout}\n{simulated.stderr}"
        held = run("apt-mark", "showhold").stdout.split()
        why = reason(said, held) or tail(done.stderr or done.stdout)
        raise Refused("install", f"apt-get cannot install the packages of mail: {why}")


def lock_seconds() -> float:
    """Return how long an installation waits for another one, such as unattended-upgrades."""
    return bound() / 2


def _configure() -> None:
    """Configure unpacked packages; wait for another package manager, as apt-get does."""
    deadline = time.monotonic() + lock_seconds()
    while True:
        done = run("dpkg", "--configure", "-a")
        if not done.returncode:
            return
        if LOCKED not in done.stderr or time.monotonic() > deadline:
            raise Refused("install", f"dpkg --configure -a: {tail(done.stderr or done.stdout)}")
        time.sleep(LOCK_PAUSE)


def reason(said: str, held: Collection[str]) -> str:
    """Return what a simulated installation names as the obstacle, with the remedy; or nothing."""
    if on_hold := [name for name in held if _is_in_the_way(name, said)]:
        names = " ".join(on_hold)
        return f"on hold: {', '.join(on_hold)}; run `apt-mark unhold {names}`, then run again"
    if removed := REMOVED.findall(said):
        names = " ".join(removed)
        return (
            f"it would remove {', '.join(removed)}; run `apt-get remove {names}` if nobody needs "
            "it, or remove this host from its group in the inventory"
        )
    if absent := [one or other for one, other in ABSENT.findall(said)]:
        return f"no source has {', '.join(absent)}; {_look_at(absent)}"
    unmet = list(dict.fromkeys(line.strip() for line in UNMET.findall(said)))
    wanted = [match[1] for line in unmet if (match := re.search(r"\w+: ([^\s(]+)", line))]
    return f"{' / '.join(unmet)}; {_look_at(wanted)}" if unmet else ""


def _is_in_the_way(package: str, said: str) -> bool:
    """Tell whether apt would have to change a package on hold, or cannot do without."""
    lines = "\n".join((*HELD.findall(said), *UNMET.findall(said)))
    return bool(re.search(rf"(?<![\w.+-]){re.escape(package)}(?![\w.+-])", lines))


def _look_at(packages: Collection[str]) -> str:
    names = " ".join(dict.fromkeys(packages))
    return f"run `apt-cache policy {names}`, and look into /etc/apt for the source or the pin"
