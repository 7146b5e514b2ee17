"""Processes by `/proc`: those behind listening sockets, and those of services."""

import os
from pathlib import Path
from typing import Any

from .shell import run

# systemd-resolved's 127.0.0.53 and 127.0.0.54, as the kernel writes them, are in nobody's way.
STUBS = {"3500007F", "3600007F"}


def listener(port: int) -> dict[str, Any] | None:
    """Return the process that listens on a TCP port."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _sockets(table, port)}
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & set(_descriptors(process)):
            return {"pid": int(process.name), "process": _command(process)}
    return {"pid": 0, "process": "another program"}


def _sockets(table: str, port: int) -> list[str]:
    lines = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    listening = [line for line in lines if line[3] == "0A" and line[1][:8] not in STUBS]
    return [f"socket:[{line[9]}]" for line in listening if int(line[1].split(":")[1], 16) == port]


def _descriptors(process: Path) -> list[str]:
    try:
        return [str(entry.readlink()) for entry in (process / "fd").iterdir()]
    except OSError:
        return []


def _command(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a process that has just ended"


def master_of(service: dict[str, Any]) -> tuple[int, float] | None:
    """Return the process id and the start time (seconds since the epoch) of a running service."""
    try:
        pid = int(Path(service["pid_file"]).read_text()) if service["pid_file"] else _main(service)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        booted = next(
            int(line.split()[1])
            for line in Path("/proc/stat").read_text().splitlines()
            if line.startswith("btime")
        )
    except (OSError, ValueError):
        return None
    return pid, booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _main(service: dict[str, Any]) -> int:
    # What was asked already stands in `pids`; zero, of no process, where nothing runs.
    known = service.get("pids")
    if known is not None:
        return int(known.get(service["units"][-1], 0))
    return int(run("systemctl", "show", "-p", "MainPID", "--value", service["unit"]).stdout)


def children(service: dict[str, Any]) -> set[str]:
    """Return the process ids of the children of a service's main process."""
    master = master_of(service)
    if not master:
        return set()
    try:
        return set(Path(f"/proc/{master[0]}/task/{master[0]}/children").read_text().split())
    except OSError:  # it has just ended
        return set()
