"""
Memory of the services of a host, as the machine around the lab sees it.

The proportional set size (PSS) of a process divides memory that several share. Hosts of other labs
on the machine share what is read from the same image.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from .command import run

# Of Debian itself, on every host.
OF_SYSTEM = re.compile(r"^(systemd-.*|dbus|ssh|ssh@.*|getty@.*|console-getty|serial-getty@.*)$")
UNIT = re.compile(r"/([^/]+)\.service(?:/|$)")
PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def megabytes(container: str) -> Mapping[str, float]:
    """Return the MB of each service of a container, by its unit's name."""
    root = run(("podman", "inspect", "--format", "{{.State.Pid}}", container)).strip()
    found: Counter[str] = Counter()
    for process in _inside(Path(f"/proc/{root}/ns/pid").readlink()):
        with suppress(OSError):  # it has ended
            unit = UNIT.findall((process / "cgroup").read_text())
            if unit and not OF_SYSTEM.match(unit[-1]):
                found[unit[-1]] += kib(process)
    return {name: round(size * 1024 / 1e6, 1) for name, size in found.items()}


def _inside(namespace: Path) -> Iterator[Path]:
    """Yield the processes in a namespace of processes."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "ns" / "pid").readlink() == namespace:
                yield process


def kib(process: Path) -> int:
    """Return the PSS of a process."""
    return sum(map(int, PSS.findall((process / "smaps_rollup").read_text())))
