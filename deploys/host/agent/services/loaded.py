"""
What a service has loaded, which is not always what is on the disk.

An apply notes the digest of the set that it loaded, with the process that did. Where there is no
such note, a process that began after the last change has read what is there.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from ..wire import set_digest

STATE = Path("/var/lib/pyinfra-mail")
LOADED = Path("/run/pyinfra-mail")


def record(name: str) -> dict[str, Any]:
    """Return what an earlier run wrote of a service: its files, and the digests of its tables."""
    try:
        return {"tables": {}, **json.loads((STATE / f"{name}.json").read_text())}
    except (OSError, ValueError):
        return {"owned": [], "tables": {}}


def owned(name: str) -> list[str]:
    """Return the files of a service that an earlier run wrote."""
    return [path for path in record(name)["owned"] if path.startswith("/")]


def others(known: set[str]) -> dict[str, str]:
    """Return the units of services that an earlier run set up and nobody asks about, by name."""
    kept = {path.stem: record(path.stem) for path in STATE.glob("*.json")}
    return {
        name: found["unit"] for name, found in kept.items() if name not in known and "unit" in found
    }


def built_from(name: str, table: str) -> str | None:
    """Return the digest of the source a table was built from, if it is still what was built."""
    source, built = record(name)["tables"].get(table, (None, None))
    return source if built == file_digest(f"{table}.lmdb") else None


def file_digest(path: str) -> str | None:
    """Return the digest of a file; None where there is none."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


def loaded(service: dict[str, Any], master: tuple[int, float] | None) -> str | None:
    """Return the digest of what the service has loaded; None where that is not known."""
    if not master:
        return None
    try:
        stamp = json.loads((LOADED / f"{service['name']}.json").read_text())
    except (OSError, ValueError):
        stamp = {}
    if stamp.get("pid") == master[0]:
        return str(stamp["digest"])
    if not all(_unchanged_since(Path(path), master[1]) for path in service["directories"]):
        return None
    return set_digest(contents(owned(service["name"])))


def _unchanged_since(directory: Path, moment: float) -> bool:
    # Whoever started the service after the last change has loaded what is on the disk.
    if not directory.is_dir():
        return False
    return all(path.lstat().st_ctime < moment for path in (directory, *directory.rglob("*")))


def contents(paths: list[str]) -> dict[str, str]:
    """Return the text of a service's own files by path; an absent file has none."""
    return {path: Path(path).read_text() for path in paths if Path(path).exists()}
