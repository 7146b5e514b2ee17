"""
Virtual environment `.venv` of a clone: the packages of its lock files, and what the operator adds.

It runs before any package is installed, so it imports the standard library only.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from .installer import Installer, SetupError, step
from .locks import RUNTIME, Lock, LockError, Pin, extras, lock, lock_of

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "installed.json"
# A copy of the lock of all extras together, which .venv had in place of the stamp.
FORMER = ENVIRONMENT / "requirements.lock"
SKELETON = {"bin", "include", "lib", "lib64", "pyvenv.cfg"}  # all that a half-made one may have


@dataclass(frozen=True)
class Stamp:
    """The extras of `.venv`, the digest of each lock file, and the names of its packages.

    The digests are there once everything is installed.
    """

    extras: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()

    def write(self) -> None:
        """Write the stamp into `.venv`."""
        fields = {"extras": self.extras, "digests": self.digests, "packages": self.packages}
        STAMP.write_text(json.dumps(fields, indent=1) + "\n")


def stamp(known: Sequence[str]) -> Stamp:
    """Return the stamp of `.venv`; one without a stamp may have every extra of its time."""
    try:
        found = json.loads(STAMP.read_text())
        kept = tuple(extra for extra in found["extras"] if extra in known)
        return Stamp(kept, found["digests"], tuple(found["packages"]))
    except (OSError, ValueError, KeyError, TypeError):
        everything = tuple(extra for extra in known if extra != "docs")
        return Stamp(everything if FORMER.is_file() else ())


def main(arguments: Sequence[str]) -> None:
    """Bring `.venv` up to date with the lock files of its extras and of those given."""
    known = extras(ROOT)
    before = stamp(known)
    wanted = tuple(sorted({*before.extras, *_given(arguments, known)}))
    locks = [lock(ROOT, name) for name in (RUNTIME, *map(lock_of, wanted))]
    digests = {one.name: one.digest for one in locks}
    usable = _usable()
    if usable and digests == before.digests:
        return
    pins = {pin.line: pin for one in locks for pin in one.pins}
    names = {pin.name for pin in pins.values()}
    if not usable:
        _make()
        before = Stamp()
    Stamp(wanted, {}, tuple(sorted(names.union(before.packages)))).write()
    _change(locks, tuple(pins.values()), sorted(set(before.packages) - names))
    Stamp(wanted, digests, tuple(sorted(names))).write()
    FORMER.unlink(missing_ok=True)


def _given(arguments: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("extras", nargs="*")
    parser.add_argument("--with", dest="more", action="append", default=[])
    try:
        found, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError:
        raise SetupError("--with needs the name of an extra: see scripts/setup --help") from None
    if unknown:
        raise SetupError(f"unknown argument {unknown[0]}: see scripts/setup --help")
    for extra in (*found.extras, *found.more):
        if extra == "all":
            yield from known
        elif extra not in known:
            near = get_close_matches(extra, known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise SetupError(
                f"there is no extra {extra!r}: {meant}The extras are {', '.join(known)}"
            )
        else:
            yield extra


def _usable() -> bool:
    """Return whether `.venv` starts as an environment, with a new enough Python, and has pip."""
    program = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    try:
        asked = subprocess.run((ENVIRONMENT / "bin/python", "-I", "-c", program), check=False)
    except OSError:
        return False
    pip = ENVIRONMENT.glob("lib/python3*/site-packages/pip-*.dist-info/RECORD")
    return asked.returncode == 0 and any(pip)


def _make() -> None:
    if ENVIRONMENT.exists() and not _ours():
        raise SetupError(f"{ENVIRONMENT} is no virtual environment: move it away")
    version = ".".join(map(str, sys.version_info[:3]))
    again = " again, as it does not start or has no pip" if ENVIRONMENT.exists() else ""
    with step(f"Make .venv with Python {version}{again}"):
        command = (sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = (made.stdout + made.stderr).strip().splitlines()[-1:]
        raise SetupError(f"{' '.join(command)} failed: {''.join(reason)}")


def _ours() -> bool:
    if not ENVIRONMENT.is_dir():
        return False
    found = {path.name for path in ENVIRONMENT.iterdir()}
    return not found.isdisjoint({"pyvenv.cfg", STAMP.name}) or found <= SKELETON


def _change(locks: Sequence[Lock], pins: Sequence[Pin], superfluous: Sequence[str]) -> None:
    installer = Installer(ROOT, ENVIRONMENT)
    missing = [pin for pin in pins if not installer.has(pin)]
    if missing:
        names = ", ".join(one.name for one in locks)
        with step(f"Install {len(missing)} packages, of {names}"):
            installer.install(missing)
    if superfluous:
        with step(f"Remove {len(superfluous)} packages that no lock has any more"):
            installer.remove(superfluous)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (SetupError, LockError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("error: interrupted; run scripts/setup again to complete .venv")
