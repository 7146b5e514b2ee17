"""Processes, as `/proc` shows them."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ...model.state import FoundListener

PROC = Path("/proc")
# systemd-resolved's 127.0.0.53 and 127.0.0.54, as the kernel writes them, block no service.
STUBS = {"3500007F", "3600007F"}


@dataclass(frozen=True)
class Process:
    """A process, and its start in seconds since the epoch."""

    pid: int
    started: float


def process(pid: int) -> Process | None:
    """Return a running process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # `btime` of /proc/stat lacks the fraction of its second.
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return Process(pid, booted + int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def pid_in(file: str) -> int:
    """Return the process id in a file; 0, which no process has, if there is none."""
    try:
        return int(Path(file).read_text())
    except (OSError, ValueError):
        return 0


def children(pid: int) -> set[str]:
    """Return the process ids of the children of a process."""
    try:
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:  # it has ended
        return set()


def unit_of(pid: int) -> str:
    """Return the systemd service that a process belongs to, or "" if it belongs to none."""
    try:
        groups = (PROC / str(pid) / "cgroup").read_text().splitlines()
    except OSError:  # it has ended
        return ""
    # cgroups(7): systemd's hierarchy is "0::" with version 2, and has a name with version 1.
    ours = (line for line in groups if line.startswith("0::") or ":name=systemd:" in line)
    names = [name for line in ours for name in line.split("/") if name.endswith(".service")]
    return names[-1] if names else ""


def listener(port: int) -> FoundListener | None:
    """Return the process that listens on a TCP port."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _sockets(table, port)}
    if not inodes:
        return None
    for folder in Path("/proc").glob("[0-9]*"):
        if inodes & set(_descriptors(folder)):
            return FoundListener(int(folder.name), _command(folder), unit_of(int(folder.name)))
    return FoundListener(0, "another program")


def _sockets(table: str, port: int) -> list[str]:
    lines = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    listening = [line for line in lines if line[3] == "0A" and line[1][:8] not in STUBS]
    return [f"socket:[{line[9]}]" for line in listening if int(line[1].split(":")[1], 16) == port]


def _descriptors(folder: Path) -> list[str]:
    try:
        return [str(entry.readlink()) for entry in (folder / "fd").iterdir()]
    except OSError:
        return []


def _command(folder: Path) -> str:
    try:
        return (folder / "comm").read_text().strip()
    except OSError:
        return "a process that has ended"
