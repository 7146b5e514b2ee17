"""
Units of the timer: a systemd service that runs the checks, and a timer that starts it.

Their names contain the inventory's. A run that was missed while the machine was off starts at boot;
one that hangs ends after 30 minutes.
"""

import re
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Schedule:
    """
    A command with its calendar (systemd.time(7); empty for never), directory and user.

    `modules` is a path of Python modules; empty if they are installed.
    """

    inventory: str
    calendar: str
    command: tuple[str, ...] = ()
    directory: str = "/"
    user: str = "root"
    modules: str = ""

    @property
    def unit(self) -> str:
        """Return the name of the timer."""
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", self.inventory)
        return f"pyinfra-mail-verify-{name}.timer"

    @property
    def files(self) -> dict[str, str]:
        """Return the text of each unit file by its path; none if it never runs."""
        texts = {".service": self._service(), ".timer": self._timer()}
        made = {self._path(suffix): text for suffix, text in texts.items()}
        return made if self.calendar else {}

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of both unit files."""
        return self._path(".service"), self._path(".timer")

    def _path(self, suffix: str) -> str:
        return str(DIRECTORY / self.unit.replace(".timer", suffix))

    def _service(self) -> str:
        return f"""# Made by the deploy `timer` of pyinfra-mail.
[Unit]
Description=Verify the mail of {_literal(self.inventory)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={self.user}
WorkingDirectory={_literal(self.directory)}
{self._environment()}# Secrets that the inventory takes from the environment; readable by root only.
EnvironmentFile=-/etc/pyinfra-mail/{self.unit.replace(".timer", ".env")}
ExecStart={" ".join(_quoted(word.replace("$", "$$")) for word in self.command)}
TimeoutStartSec=30min
"""

    def _environment(self) -> str:
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


def _literal(text: str) -> str:
    return text.replace("%", "%%")  # systemd.unit(5): specifiers


def _quoted(word: str) -> str:
    # systemd.syntax(7), quoting; variables, which begin with $, exist in command lines only.
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_literal(escaped)}"'
