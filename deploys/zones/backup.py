"""
What a run is about to change, saved as it was.

Each run that writes has an ID, and a private directory of that name on this machine, in
`$XDG_STATE_HOME/pyinfra-mail/zones` (by default under `~/.local/state`). For every zone there are
two files: one in the words of a zone file, for people, and one from which it can be put back.
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
from .model import recordsets
from .model.recordsets import Content, Key


@dataclass(frozen=True)
class Touched:
    """A record set as it was and as we wrote it; None where there was, or is to be, none."""

    name: str  # relative to the zone
    type: str
    before: Content | None
    after: Content | None

    @classmethod
    def of(cls, key: Key, before: Record | None, after: Record | None) -> "Touched":
        """Return what a write does to a record set."""
        held = (recordsets.content(before), recordsets.content(after))
        return cls(*key, *(None if one is None else json.loads(json.dumps(one)) for one in held))

    @property
    def key(self) -> Key:
        """What identifies the record set in its zone."""
        return self.name, self.type


@dataclass(frozen=True)
class Saved:
    """What one run touched in one zone."""

    zone: str
    provider: str
    sets: tuple[Touched, ...]

    @classmethod
    def parse(cls, text: str) -> "Saved":
        """Read what `str` has written."""
        held = json.loads(text)
        sets = tuple(Touched(**one) for one in held["sets"])
        return cls(held["zone"], held["provider"], sets)

    def __str__(self) -> str:
        return json.dumps(asdict(self), indent=1)

    def zone_text(self) -> Iterator[str]:
        """Yield the lines of a zone file: what was there, and in comments what was not."""
        zone = Zone(f"{self.zone}.", [])
        for one in sorted(self.sets, key=lambda touched: touched.key):
            record = one.before and recordsets.from_content(zone, one.key, one.before)
            full = f"{one.name}.{self.zone}.".lstrip(".")
            if not record:
                yield f"; {full} had no {one.type}"
                continue
            held = recordsets.record_set(record)
            yield from (f"{full} {held.ttl} IN {one.type} {value}" for value in held.values)


class Saves:
    """The directory of all that was saved; what is saved through one of these has one ID."""

    def __init__(self) -> None:
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self.directory = Path(base) / "pyinfra-mail" / "zones"
        self.run: str | None = None

    def keep(self, saved: Saved) -> None:
        """Write down what is about to change; raise MailError where that is not possible."""
        try:
            path = self._own() / saved.zone
            _write(path.with_name(f"{path.name}.zone"), "\n".join((*self._head(saved), "")))
            _write(path.with_name(f"{path.name}.json"), str(saved))
        except OSError as error:
            raise MailError(
                f"{saved.zone}: what is there cannot be saved in {self.directory} "
                f"({error.strerror}); nothing was written to the zone"
            ) from None

    def of(self, run: str) -> tuple[Saved, ...]:
        """Return what a run has saved; raise MailError that names the runs there are."""
        found = sorted((self.directory / run).glob("*.json")) if run in self.runs() else []
        if not found:
            last = " ".join(self.runs()[-3:]) or "none"
            raise MailError(
                f"zone_restore: {run!r} is no run that saved a zone in {self.directory}; the last "
                f"ones are: {last}"
            )
        return tuple(Saved.parse(path.read_text()) for path in found)

    def runs(self) -> list[str]:
        """Return the IDs of the runs that saved something, the last one last."""
        return sorted(path.name for path in self.directory.glob("*"))

    def zones(self, provider: str) -> frozenset[str]:
        """Return every zone in which a run from this machine wrote through a provider."""
        paths = self.directory.glob("*/*.json")
        saved = (Saved.parse(path.read_text()) for path in paths)
        return frozenset(one.zone for one in saved if one.provider == provider)

    def _own(self) -> Path:
        """Return the directory of this run, made when it is first needed."""
        if self.run is None:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.run = _new(self.directory)
        return self.directory / self.run

    def _head(self, saved: Saved) -> Iterable[str]:
        yield f"; {saved.zone}, as it was before the run {self.run} changed it through"
        yield f"; {saved.provider}. To put this back:"
        yield f";   pyinfra INVENTORY deploys/zone.py --data zone_restore={self.run}"
        yield from saved.zone_text()


def _new(directory: Path) -> str:
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


def same(record: Record | None, held: Content | None) -> bool:
    """Tell whether a record set is what was saved of it."""
    return bool(Touched.of(("", ""), record, None).before == held)
