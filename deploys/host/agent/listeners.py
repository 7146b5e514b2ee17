"""Who holds a port: the process behind a listening socket, by `/proc`."""

from pathlib import Path
from typing import Any

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
