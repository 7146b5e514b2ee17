"""The timer on the controller: what there is of it, what there should be, and the difference."""

import getpass
import sys
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path

from pyinfra import host
from pyinfra.api.command import FileUploadCommand, QuoteString, StringCommand
from pyinfra.api.exceptions import DeployError
from pyinfra.api.facts import FactBase
from pyinfra.api.operation import operation

from .command_line import inventory, inventory_name
from .units import Schedule

_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Existing:
    """The digest of each unit's file by path, and whether systemd runs what the files say."""

    digests: dict[str, str]
    in_force: bool


class Units(FactBase[Existing]):
    """Returns the digests of a timer's files, and whether they are in force."""

    def command(self, unit: str, paths: tuple[str, ...]) -> StringCommand:
        """Return the command that looks at everything at once."""
        return StringCommand(
            StringCommand("sha256sum --", *map(QuoteString, paths), "2>/dev/null;"),
            StringCommand("systemctl is-enabled", QuoteString(unit), "2>/dev/null;"),
            StringCommand("systemctl is-active", QuoteString(unit), "2>/dev/null;"),
            StringCommand("systemctl show --property=NeedDaemonReload", QuoteString(unit)),
        )

    def process(self, output: Iterable[str]) -> Existing:
        """Return the value."""
        lines = list(output)
        digests = [line.split("  ", 1) for line in lines if "  " in line]
        in_force = {"enabled", "active", "NeedDaemonReload=no"} <= set(lines)
        return Existing({path: digest for digest, path in digests}, in_force)


def schedule(calendar: str) -> Schedule:
    """Return the schedule of this run's inventory; raise DeployError if it is no file."""
    given = Path(inventory())
    if not given.is_file():
        raise DeployError(f"{given} is no file; a timer needs an inventory that is one")
    verify = str(_ROOT / "deploys" / "verify.py")
    command = (sys.executable, "-m", "pyinfra", str(given.resolve()), verify, "-y")
    here, user = str(Path.cwd()), getpass.getuser()
    return Schedule(inventory_name(), calendar, command, here, user, str(_ROOT))


@operation()
def scheduled(schedule: Schedule) -> Generator[StringCommand | FileUploadCommand, None, None]:
    """
    Let a systemd timer run a command, or take the timer away if it should never.

    + schedule: what runs, and when

    It fails where systemd does not understand the calendar, before anything is written.
    """
    existing = host.get_fact(Units, unit=schedule.unit, paths=schedule.paths)
    digests = {path: sha256(text.encode()).hexdigest() for path, text in schedule.files.items()}
    if existing.digests == digests and (existing.in_force or not digests):
        host.noop(f"{schedule.unit} is as it should be")
        return
    unit = QuoteString(schedule.unit)
    if schedule.files:
        yield StringCommand("systemd-analyze calendar --", QuoteString(schedule.calendar))
    else:
        yield StringCommand("systemctl disable --now", unit)
        yield StringCommand("rm -f --", *map(QuoteString, schedule.paths))
    for path, text in schedule.files.items():
        yield FileUploadCommand(StringIO(text), path)
    yield StringCommand("systemctl daemon-reload")
    if schedule.files:
        yield StringCommand("systemctl enable", unit)
        yield StringCommand("systemctl restart", unit)
