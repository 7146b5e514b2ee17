"""
Backups of the record sets that a run is about to change.

Each run that writes has an ID, and a private directory of that name on this machine, in
`$XDG_STATE_HOME/pyinfra-mail/zones` (by default under `~/.local/state`). It holds two files for
each zone: a zone file for people, and JSON for the restore.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from octodns.record import Record
from octodns.zone import Zone

from ..mail.errors import MailError
from ..mail.toolkit import deploy_argument
from .model import recordsets
from .model.recordsets import Content, RecordKey


@dataclass(frozen=True)
class SavedSet:
    """A record set before and after a write; None if it did not exist, or was deleted."""

    name: str  # relative to the zone
    type: str
    before: Content | None
    after: Content | None

    @classmethod
    def of(cls, key: RecordKey, before: Record | None, after: Record | None) -> "SavedSet":
        """Return a record set before and after a write."""
        contents = (recordsets.content(before), recordsets.content(after))
        return cls(
            *key, *(None if one is None else json.loads(json.dumps(one)) for one in contents)
        )

    @property
    def key(self) -> RecordKey:
        """The record set's relative name and type."""
        return self.name, self.type


@dataclass(frozen=True)
class ZoneBackup:
    """The record sets that one run writes in one zone."""

    zone: str
    provider: str
    sets: tuple[SavedSet, ...]

    @classmethod
    def parse(cls, text: str) -> "ZoneBackup":
        """Parse the JSON that `str` returns."""
        fields = json.loads(text)
        sets = tuple(SavedSet(**one) for one in fields["sets"])
        return cls(fields["zone"], fields["provider"], sets)

    def __str__(self) -> str:
        return json.dumps(asdict(self), indent=1)

    def zone_text(self) -> Iterator[str]:
        """Yield the lines of a zone file; a comment for each record set that did not exist."""
        zone = Zone(f"{self.zone}.", [])
        for one in sorted(self.sets, key=lambda saved: saved.key):
            record = one.before and recordsets.from_content(zone, one.key, one.before)
            full = f"{one.name}.{self.zone}.".lstrip(".")
            if not record:
                yield f"; {full} had no {one.type}"
                continue
            existing = recordsets.record_set(record)
            yield from (f"{full} {existing.ttl} IN {one.type} {text}" for text in existing.values)


class Backups:
    """The directory of all backups; those of one run share its ID."""

    def __init__(self) -> None:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self.directory = Path(base) / "pyinfra-mail" / "zones"
        self.run: str | None = None

    def keep(self, backup: ZoneBackup) -> None:
        """Store a zone's backup; raise MailError if it cannot be written."""
        try:
            path = self._own() / backup.zone
            _write(path.with_name(f"{path.name}.zone"), "\n".join((*self._head(backup), "")))
            _write(path.with_name(f"{path.name}.json"), str(backup))
        except OSError as error:
            raise MailError(
                f"{backup.zone}: its backup cannot be written to {self.directory} "
                f"({error.strerror}); nothing was written to the zone"
            ) from None

    def of(self, run: str) -> tuple[ZoneBackup, ...]:
        """Return the backups of a run; raise MailError with the latest runs if there are none."""
        paths = sorted((self.directory / run).glob("*.json")) if run in self.runs() else []
        if not paths:
            last = " ".join(self.runs()[-3:]) or "none"
            raise MailError(
                f"zone_restore: no run {run!r} has a backup in {self.directory}; the latest runs "
                f"are: {last}"
            )
        return tuple(ZoneBackup.parse(path.read_text()) for path in paths)

    def runs(self) -> list[str]:
        """Return the IDs of the runs that have backups, the latest last."""
        return sorted(path.name for path in self.directory.glob("*"))

    def zones(self, provider: str) -> frozenset[str]:
        """Return every zone in which a run from this machine wrote through a provider."""
        paths = self.directory.glob("*/*.json")
        backups = (ZoneBackup.parse(path.read_text()) for path in paths)
        return frozenset(one.zone for one in backups if one.provider == provider)

    def _own(self) -> Path:
        """Return the directory of this run; the first call makes it."""
        if self.run is None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.run = _new_run(self.directory)
        return self.directory / self.run

    def _head(self, backup: ZoneBackup) -> Iterable[str]:
        yield f"; {backup.zone} before run {self.run} changed it through {backup.provider}."
        yield "; To restore it:"
        yield f";   pyinfra INVENTORY {deploy_argument('zone')} --data zone_restore={self.run}"
        yield from backup.zone_text()


def _new_run(directory: Path) -> str:
    """Make the directory of a run, and return the ID of the run."""
    now = datetime.now(UTC)
    for number in range(1000):
        run = f"{now:%Y%m%dT%H%M%SZ}{f'-{number}' if number else ''}"
        try:
            (directory / run).mkdir(mode=0o700)
        except FileExistsError:
            continue
        return run
    raise FileExistsError(0, "too many runs in one second")


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def is_saved(record: Record | None, saved: Content | None) -> bool:
    """Tell whether a record set is the saved one."""
    return bool(SavedSet.of(("", ""), record, None).before == saved)
