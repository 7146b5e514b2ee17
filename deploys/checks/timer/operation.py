"""Timer on the controller: existing units, desired units, and changes."""

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

from ...mail.toolkit import FOLDER, IN_CLONE, PACKAGE
from ...run.command_line import inventory, inventory_name
from .units import Schedule


@dataclass(frozen=True)
class InstalledUnits:
    """Digests of the unit files by path; `in_force` if systemd has loaded and enabled them."""

    digests: dict[str, str]
    in_force: bool


class Units(FactBase[InstalledUnits]):
    """Returns the existing units of a timer."""

    def command(self, unit: str, paths: tuple[str, ...]) -> StringCommand:
        """Return the command that reads files and states at once."""
        return StringCommand(
            StringCommand("sha256sum --", *map(QuoteString, paths), "2>/dev/null;"),
            StringCommand("systemctl is-enabled", QuoteString(unit), "2>/dev/null;"),
            StringCommand("systemctl is-active", QuoteString(unit), "2>/dev/null;"),
            StringCommand("systemctl show --property=NeedDaemonReload", QuoteString(unit)),
        )

    def process(self, output: Iterable[str]) -> InstalledUnits:
        """Return the value."""
        lines = list(output)
        digests = [line.split("  ", 1) for line in lines if "  " in line]
        in_force = {"enabled", "active", "NeedDaemonReload=no"} <= set(lines)
        return InstalledUnits({path: digest for digest, path in digests}, in_force)


def schedule(calendar: str) -> Schedule:
    """Return the schedule of this run's inventory; raise DeployError if it is no file."""
    given = Path(inventory())
    if not given.is_file():
        raise DeployError(f"{given} is not a file; a timer needs an inventory file")
    verify = f"{PACKAGE}.verify"
    command = (sys.executable, "-m", "pyinfra", str(given.resolve()), verify, "-y")
    directory, user = str(Path.cwd()), getpass.getuser()
    modules = str(FOLDER.parent) if IN_CLONE else ""
    return Schedule(inventory_name(), calendar, command, directory, user, modules)


@operation()
def scheduled(schedule: Schedule) -> Generator[StringCommand | FileUploadCommand, None, None]:
    """
    Have a systemd timer run a command, or remove the timer if its calendar is empty.

    + schedule: the command, its calendar and user

    It fails before anything is written if systemd cannot read the calendar.
    """
    existing = host.get_fact(Units, unit=schedule.unit, paths=schedule.paths)
    digests = {path: sha256(text.encode()).hexdigest() for path, text in schedule.files.items()}
    if existing.digests == digests and (existing.in_force or not digests):
        host.noop(f"{schedule.unit} is up to date")
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
