"""
Units of the timer: a systemd service that runs the checks, and a timer that starts it.

Their names contain the inventory's. A run that was missed while the machine was off starts at boot;
one that hangs ends after 30 minutes. If a run fails, a third unit tells the operator, unless the
run has written its report. Certificates by DNS-01 are renewed before the checks, in the same run.
"""

import re
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path("/etc/systemd/system")
ENVIRONMENT = Path("/etc/pyinfra-mail")
TRIAL_SECONDS = 300


@dataclass(frozen=True)
class Schedule:
    """
    A command with its calendar (systemd.time(7); empty for never), directory and user.

    `first` is a command that has to succeed before it. `modules` is a path of Python modules; empty
    if they are installed. `trials` are commands that have to succeed before the timer is enabled,
    and `failure` is one that runs after a failed run.
    """

    inventory: str
    calendar: str
    command: tuple[str, ...] = ()
    directory: str = "/"
    user: str = "root"
    modules: str = ""
    trials: tuple[tuple[str, ...], ...] = ()
    failure: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Return the name of the timer."""
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", self.inventory)
        return f"pyinfra-mail-verify-{name}.timer"

    @property
    def environment(self) -> str:
        """Return the file with the secrets that the inventory takes from the environment."""
        return str(ENVIRONMENT / self.unit.replace(".timer", ".env"))

    @property
    def files(self) -> dict[str, str]:
        """Return the text of each unit file by its path; none if it never runs."""
        texts = {".service": self._service(), ".timer": self._timer()}
        texts |= {"-failure.service": self._failure()} if self.failure else {}
        made = {self._path(suffix): text for suffix, text in texts.items()}
        return made if self.calendar else {}

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of all unit files."""
        return self._path(".service"), self._path(".timer"), self._path("-failure.service")

    @property
    def commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the commands of a run, in their order."""
        return (self.first, self.command) if self.first else (self.command,)

    def trial_words(self, trial: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command that runs a trial as the service runs its commands."""
        environment = (f"--setenv=PYTHONPATH={self.modules}",) if self.modules else ()
        return (
            *("systemd-run", "--wait", "--pipe", "--collect", f"--uid={self.user}"),
            f"--property=WorkingDirectory={self.directory}",
            f"--property=EnvironmentFile=-{self.environment}",
            f"--property=RuntimeMaxSec={TRIAL_SECONDS}",
            *(*environment, "--", *(_without_variables(word) for word in trial)),
        )

    def _path(self, suffix: str) -> str:
        return str(DIRECTORY / self.unit.replace(".timer", suffix))

    def _service(self) -> str:
        failure = Path(self._path("-failure.service")).name
        on_failure = f"OnFailure={failure}\n" if self.failure else ""
        return f"""# Made by the deploy `timer` of pyinfra-mail.
[Unit]
Description=Verify the mail of {_literal(self.inventory)}
Wants=network-online.target
After=network-online.target
{on_failure}
[Service]
{self._process(*self.commands)}TimeoutStartSec=30min
"""

    def _failure(self) -> str:
        return f"""# Made by the deploy `timer` of pyinfra-mail.
[Unit]
Description=Tell that the mail of {_literal(self.inventory)} was not verified

[Service]
{self._process(self.failure)}TimeoutStartSec=2min
"""

    def _process(self, *commands: tuple[str, ...]) -> str:
        return f"""Type=oneshot
User={self.user}
WorkingDirectory={_literal(self.directory)}
{self._modules()}# Secrets that the inventory takes from the environment; readable by root only.
EnvironmentFile=-{self.environment}
{"".join(map(_start, commands))}"""

    def _modules(self) -> str:
        line = f"Environment={_quoted(f'PYTHONPATH={self.modules}')}\n"
        return line if self.modules else ""

    def _timer(self) -> str:
        return f"""# Made by the deploy `timer` of pyinfra-mail.
[Unit]
Description=Verify the mail of {_literal(self.inventory)}: {_literal(self.calendar)}

[Timer]
OnCalendar={self.calendar}
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
"""


def _start(command: tuple[str, ...]) -> str:
    return f"ExecStart={' '.join(_quoted(_without_variables(word)) for word in command)}\n"


def _literal(text: str) -> str:
    return text.replace("%", "%%")  # systemd.unit(5): specifiers


def _without_variables(word: str) -> str:
    return word.replace("$", "$$")  # systemd.service(5): command lines


def _quoted(word: str) -> str:
    # systemd.syntax(7), quoting.
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_literal(escaped)}"'
