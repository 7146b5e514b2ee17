"""
Lock files: exact versions of packages, each with the digests of its files.

They are read before any package is installed, so this imports the standard library only.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

RUNTIME = "requirements.lock"
_PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)( ; (?P<marker>[^\\]*?))?"
    r"(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)"
)


class LockError(Exception):
    """A lock file cannot be used; str() is the reason, in one sentence."""


@dataclass(frozen=True)
class Pin:
    """A version of a package, the environment marker under which it counts, and the whole line."""

    name: str
    version: str
    marker: str
    line: str


@dataclass(frozen=True)
class Lock:
    """A lock file by its name, relative to the root of the clone."""

    name: str
    text: str

    @cached_property
    def digest(self) -> str:
        """Return a digest that changes with the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def pins(self) -> tuple[Pin, ...]:
        """Return its versions; raise LockError if one has no hash."""
        return tuple(self._pins())

    def _pins(self) -> Iterator[Pin]:
        lines = iter(enumerate(self.text.splitlines(), 1))
        for number, line in lines:
            whole = line.rstrip()
            if not whole or whole.lstrip().startswith("#"):
                continue
            while whole.endswith("\\"):
                whole = f"{whole[:-1].rstrip()} {next(lines, (0, ''))[1].strip()}"
            found = _PIN.fullmatch(whole)
            if not found:
                raise LockError(
                    f"{self.name} line {number} is not a version with its hashes: "
                    f"restore the file with `git checkout {self.name}`, or run scripts/lock"
                )
            yield Pin(found["name"], found["version"], found["marker"] or "", whole)


def lock(root: Path, name: str) -> Lock:
    """Return a lock file of a clone; raise LockError if it is missing."""
    try:
        return Lock(name, (root / name).read_text())
    except OSError:
        raise LockError(
            f"{name} is missing: restore it with `git checkout {name}`, or run scripts/lock"
        ) from None


def lock_of(extra: str) -> str:
    """Return the name of the lock file of an extra."""
    return f"locks/{extra}.lock"


def extras(root: Path) -> tuple[str, ...]:
    """Return the extras of a clone's pyproject.toml; each has a lock file."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return tuple(sorted(project["optional-dependencies"]))
