"""Timer on the controller: existing units, desired units, and changes."""

import getpass
import shlex
import sys
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from io import StringIO
from pathlib import Path

from pyinfra import host
from pyinfra.api.command import FileUploadCommand, QuoteString, StringCommand
from pyinfra.api.facts import FactBase
from pyinfra.api.operation import operation

from ...mail.toolkit import FOLDER, IN_CLONE, PACKAGE
from ...run.command_line import inventory, inventory_name, refusal
from .units import Schedule

BOOTED = "/run/systemd/system"  # sd_booted(3)


@dataclass(frozen=True)
class InstalledUnits:
    """
    Digests of the unit files by path; `in_force` if systemd has loaded and enabled them.

    `possible` is False on a machine that systemd has not booted.
    """

    digests: dict[str, str]
    in_force: bool
    possible: bool


class Units(FactBase[InstalledUnits]):
    """Returns the existing units of a timer."""

    def command(self, unit: str, paths: tuple[str, ...]) -> StringCommand:
        """Return the command that reads files and states at once."""
        return StringCommand(
            StringCommand(f"test -d {BOOTED} && echo {BOOTED};"),
            StringCommand("sha256sum --", *map(QuoteString, paths), "2>/dev/null;"),
            StringCommand("systemctl is-enabled", QuoteString(unit), "2>/dev/null;"),
            StringCommand("systemctl is-active", QuoteString(unit), "2>/dev/null;"),
            StringCommand(
                "systemctl show --property=NeedDaemonReload", QuoteString(unit), "2>/dev/null;"
            ),
            StringCommand("echo read"),  # pyinfra processes no empty output
        )

    def process(self, output: Iterable[str]) -> InstalledUnits:
        """Return the value."""
        lines = list(output)
        digests = [line.split("  ", 1) for line in lines if "  " in line]
        in_force = {"enabled", "active", "NeedDaemonReload=no"} <= set(lines)
        found = {path: digest for digest, path in digests}
        return InstalledUnits(found, in_force, BOOTED in lines)


def schedule(calendar: str, receiver: tuple[str, ...] = (), *, renews: bool = False) -> Schedule:
    """Return the schedule of this run's inventory; raise DeployError if it is no file."""
    given = Path(inventory())
    if not given.is_file():
        raise refusal(f"{given} is not a file; a timer needs an inventory file")
    pyinfra = (sys.executable, "-m", "pyinfra", str(given.resolve()))
    verify, renewal = ((*pyinfra, f"{PACKAGE}.{name}") for name in ("verify", "certificates"))
    made = Schedule(
        inventory=inventory_name(),
        calendar=calendar,
        command=(*verify, "-y"),
        directory=str(Path.cwd()),
        user=getpass.getuser(),
        modules=str(FOLDER.parent) if IN_CLONE else "",
        trials=tuple((*one, "--dry") for one in ((renewal, verify) if renews else (verify,))),
        first=(*renewal, "-y") if renews else (),
    )
    unit = made.unit.replace(".timer", ".service")
    failure = (sys.executable, "-m", f"{PACKAGE}.checks.report.failure", made.inventory, unit)
    return replace(made, failure=(*failure, *receiver))


@operation()
def scheduled(schedule: Schedule) -> Generator[StringCommand | FileUploadCommand, None, None]:
    """
    Have a systemd timer run a command, or remove the timer if its calendar is empty.

    + schedule: the command, its calendar and user

    It fails before anything is written if systemd cannot read the calendar, or if the trial of the
    command fails as the unit would run it.
    """
    existing = host.get_fact(Units, unit=schedule.unit, paths=schedule.paths)
    digests = {path: sha256(text.encode()).hexdigest() for path, text in schedule.files.items()}
    if existing.digests == digests and (existing.in_force or not digests):
        host.noop(f"{schedule.unit} is up to date")
        return
    if not existing.possible:
        if schedule.files:
            raise refusal(without_systemd(schedule))
        host.noop("without systemd there is no timer")
        return
    unit = QuoteString(schedule.unit)
    if schedule.files:
        yield StringCommand("systemd-analyze calendar --", QuoteString(schedule.calendar))
        for trial in schedule.trials:
            yield tried(schedule, trial)
    else:
        yield StringCommand("systemctl disable --now", unit)
        yield StringCommand("rm -f --", *map(QuoteString, schedule.paths))
    for path, text in schedule.files.items():
        yield FileUploadCommand(StringIO(text), path)
    yield StringCommand("systemctl daemon-reload")
    if schedule.files:
        yield StringCommand("systemctl enable", unit)
        yield StringCommand("systemctl restart", unit)
    else:  # a unit that has failed and is gone would leave the machine degraded
        gone = schedule.unit.replace(".timer", ".*")
        yield StringCommand("systemctl reset-failed", QuoteString(gone), "2>/dev/null || true")


def without_systemd(schedule: Schedule) -> str:
    """Return the sentence for a machine that has no timers."""
    modules = ("env", f"PYTHONPATH={schedule.modules}") if schedule.modules else ()
    command = " && ".join(shlex.join((*modules, *one)) for one in schedule.commands)
    return (
        f'this machine does not run systemd, which has the timers; have cron run "{command}" in '
        f'{schedule.directory}, or set verify_timer = ""'
    )


def tried(schedule: Schedule, trial: tuple[str, ...]) -> StringCommand:
    """Return the command that runs a trial, and says what to do if it fails."""
    sentence = (
        f"the timer was not set up: the checks cannot begin as its unit runs them, as the user "
        f"{schedule.user} in {schedule.directory}; correct what is said above, and write secrets "
        f"of the environment as NAME=value into {schedule.environment}"
    )
    words = (QuoteString(word) for word in schedule.trial_words(trial))
    return StringCommand(*words, "|| { echo", QuoteString(sentence), ">&2; exit 1; }")
