"""
The set that a service has loaded, which is not always what is on the disk.

An apply notes the digest of the loaded set and the process that loaded it. Without such a note, a
process that started after the last change has loaded the files on the disk. Services share
directories, so the next switch of another service ends that evidence: `keep` notes it before.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ....mail import paths
from ...model.desired import Query
from ...model.state import FoundService
from ..system.processes import Process

STATE = Path(paths.STATE)
LOADED = Path(paths.LOADED)
TableDigests = Mapping[str, tuple[str | None, str | None]]  # of source and built file, by table


@dataclass(frozen=True)
class Record:
    """A service's own files, its tables and its unit, as an apply has left them."""

    owned: tuple[str, ...] = ()
    tables: TableDigests = field(default_factory=dict)
    unit: str = ""


def record(name: str) -> Record:
    """Return the record of a service; an empty one if there is none."""
    try:
        found = json.loads((STATE / f"{name}.json").read_text())
    except (OSError, ValueError):
        return Record()
    owned = tuple(path for path in found["owned"] if path.startswith("/"))
    tables = {path: tuple(digests) for path, digests in found.get("tables", {}).items()}
    return Record(owned, tables, found.get("unit", ""))


def remember(name: str, facts: Record) -> None:
    """Write the record of a service, in one step."""
    STATE.mkdir(mode=0o755, exist_ok=True)
    written = STATE / f"{name}.new"
    written.write_text(json.dumps(vars(facts)))
    written.replace(STATE / f"{name}.json")


def was_configured(name: str) -> bool:
    """Tell whether a run has ever configured a service, even if it is no longer needed."""
    return bool(record(name).owned) or (STATE / f"{name}.configured").exists()


def note_configured(name: str) -> None:
    """Note for good that a run configures a service."""
    STATE.mkdir(mode=0o755, exist_ok=True)
    (STATE / f"{name}.configured").touch()


def forget(name: str) -> None:
    """Remove the record of a service, and the note of what it has loaded."""
    for folder in (STATE, LOADED):
        (folder / f"{name}.json").unlink(missing_ok=True)


def others(known: Collection[str]) -> dict[str, str]:
    """Return the units of other services that an earlier run set up, by name."""
    kept = {path.stem: record(path.stem).unit for path in STATE.glob("*.json")}
    return {name: unit for name, unit in kept.items() if name not in known and unit}


def switching(name: str) -> Path:
    """Return the mark of a begun switch; it holds what only a restart can change."""
    return LOADED / f"{name}.switching"


def built_from(noted: Record, table: str) -> str | None:
    """Return the digest of a table's source; None if the built file has changed since."""
    source, built = noted.tables.get(table, (None, None))
    return source if built == file_digest(f"{table}.lmdb") else None


def file_digest(path: str) -> str | None:
    """Return the digest of a file; None if there is none."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


def confirm(name: str, process: Process) -> None:
    """Note that a process has loaded the set on the disk, which ends the switch."""
    _note(name, process.pid, owned_digest(name))


def keep(name: str, found: FoundService) -> None:
    """Note the set that a running service is known to have loaded, which may have no note yet."""
    if found.pid and found.loaded is not None:
        _note(name, found.pid, found.loaded)


def _note(name: str, pid: int, digest: str) -> None:
    LOADED.mkdir(mode=0o755, exist_ok=True)
    (LOADED / f"{name}.json").write_text(json.dumps({"pid": pid, "digest": digest}))
    switching(name).unlink(missing_ok=True)


def loaded(query: Query, process: Process | None) -> str | None:
    """Return the digest of the set that the service has loaded; None if it is unknown."""
    if not process:
        return None
    try:
        stamp = json.loads((LOADED / f"{query.name}.json").read_text())
    except (OSError, ValueError):
        stamp = {}
    if stamp.get("pid") == process.pid:
        return str(stamp["digest"])
    if not all(_unchanged(Path(path), process.started, query) for path in query.directories):
        return None
    return owned_digest(query.name)


def owned_digest(name: str) -> str:
    """Return the digest of a service's own files on the disk."""
    return files_digest(record(name).owned)


def files_digest(files: Iterable[str]) -> str:
    """Return the digest of files; an absent file does not count."""
    found = {path: Path(path).read_text() for path in files if Path(path).exists()}
    return paths.set_digest(found)


def _unchanged(directory: Path, since: float, query: Query) -> bool:
    """Tell whether a directory is as it was at a time, but for files that others read."""
    if not directory.is_dir():
        return False
    read = (path for path in directory.rglob("*") if str(path) not in query.unread)
    return all(path.lstat().st_ctime < since for path in (directory, *read))
