"""
Staged directories: a whole new directory beside each live one, and the exchange of the two.

A staged directory starts as a copy of the live one, so that files of others stay, then gets every
file of the set with its final owner and mode. `renameat2(RENAME_EXCHANGE)` swaps the two names in
one step: a process that opens a file gets the old set or the new one, never a mixture.
"""

import ctypes
import os
import shutil
import time
from pathlib import Path

from ...model.desired import File, Service
from ..system.shell import Refused, fsync, must
from .loaded import Record, file_digest, record

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def staged(directory: str) -> Path:
    """Return the staged counterpart of a live directory; only root can read it."""
    live = Path(directory)
    return live.parent / ".pyinfra-mail" / live.name


def stage(service: Service, copied: set[str]) -> None:
    """
    Write the whole set of a service to its staged directories, and through to the disk.

    + copied: directories that are staged already for another service of the same apply
    """
    directories = service.query.directories
    for directory in directories:
        if directory not in copied:
            _copy(Path(directory), staged(directory))
            copied.add(directory)
    for path in _obsolete(service, record(service.query.name)):
        if _directory(service, path):
            place(service, path).unlink(missing_ok=True)
    for file in service.set:
        _write(place(service, file.path), file)
    for table in service.tables:
        built = f"lmdb:{place(service, table.path)}"
        must("stage", *table.builder, "-c", str(staged(directories[0])), built)
    for directory in directories:
        _flush(staged(directory))


def staged_record(service: Service) -> Record:
    """Return the record of a staged set, with the digests of its tables."""
    places = {table.path: str(place(service, table.path)) for table in service.tables}
    tables = {
        path: (file_digest(place), file_digest(f"{place}.lmdb")) for path, place in places.items()
    }
    return Record(tuple(file.path for file in service.set), tables, service.unit)


def remove_strays(service: Service, before: Record) -> bool:
    """Remove an earlier set's files from directories that the service no longer has."""
    strays = [Path(path) for path in _obsolete(service, before) if not _directory(service, path)]
    for path in strays:
        path.unlink(missing_ok=True)
    return bool(strays)


def _obsolete(service: Service, before: Record) -> list[str]:
    """Return the files of an earlier set that this one lacks, and their built tables."""
    gone = set(before.owned) - {file.path for file in service.set}
    return [one for path in sorted(gone) for one in (path, f"{path}.lmdb")]


def exchange(directory: str) -> None:
    """Swap a staged directory and the live one in a single step."""
    libc = ctypes.CDLL(None, use_errno=True)
    live, other = directory.encode(), str(staged(directory)).encode()
    if libc.renameat2(AT_FDCWD, other, AT_FDCWD, live, RENAME_EXCHANGE):
        reason = os.strerror(ctypes.get_errno())
        raise Refused(
            "switch", f"{directory} cannot be exchanged in one step ({reason}); see docs/host.md"
        )
    fsync(str(Path(directory).parent))


def place(service: Service, path: str) -> Path:
    """Return the staged path of a service's file."""
    directory = _directory(service, path)
    return staged(directory) / Path(path).relative_to(directory)


def _directory(service: Service, path: str) -> str:
    """Return the innermost directory of a service with a file; empty if there is none."""
    around = (each for each in service.query.directories if path.startswith(f"{each}/"))
    return max(around, key=len, default="")


def _flush(directory: Path) -> None:
    for path in (*directory.rglob("*"), directory):
        if not path.is_symlink() and (path.is_dir() or path.is_file()):
            fsync(str(path))


def _copy(live: Path, target: Path) -> None:
    """Copy a directory with everything in it, owners and modes included."""
    live.parent.mkdir(parents=True, exist_ok=True)
    if not live.is_symlink() and not live.exists():
        live.mkdir()
    if live.is_symlink() or not live.is_dir():
        raise Refused("stage", f"{live} is a link or no directory; replace it with a directory")
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.parent.chmod(0o700)
    shutil.rmtree(target, ignore_errors=True)
    must("stage", "cp", "-a", str(live), str(target))


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(file.content)
        shutil.chown(path, file.owner, file.group)
        os.fchmod(stream.fileno(), file.mode)
    # Postfix's tools wait until a main.cf is two seconds old before they trust it.
    os.utime(path, (time.time() - 2,) * 2)
