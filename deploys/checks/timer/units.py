"""
The proof again and again: two systemd units, a service that makes it and a timer that starts it.

They are named after the inventory, so that each has its own. A run that was missed while the
machine was off is made up for; one that hangs ends after half an hour.
"""

import re
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Schedule:
    """
    When a command runs, as systemd.time(7) writes it, where, and as whom; "" is never.

    `modules` is where Python finds this project.
    """

    inventory: str
    calendar: str
    command: tuple[str, ...] = ()
    directory: str = "/"
    user: str = "root"
    modules: str = "/"

    @property
    def unit(self) -> str:
        """Return the name of the timer."""
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", self.inventory)
        return f"pyinfra-mail-verify-{name}.timer"

    @property
    def files(self) -> dict[str, str]:
        """Return the text of each unit's file by its path; none if it never runs."""
        texts = {".service": self._service(), ".timer": self._timer()}
        made = {self._path(suffix): text for suffix, text in texts.items()}
        return made if self.calendar else {}

    @property
    def paths(self) -> tuple[str, ...]:
        """Return where the units' files are, whether or not they should be."""
        return self._path(".service"), self._path(".timer")

    def _path(self, suffix: str) -> str:
        return str(DIRECTORY / self.unit.replace(".timer", suffix))

    def _service(self) -> str:
        return f"""# Made by deploys/timer.py of pyinfra-mail.
[Unit]
Description=Verify the mail of {_literal(self.inventory)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={self.user}
WorkingDirectory={_literal(self.directory)}
Environment={_quoted(f"PYTHONPATH={self.modules}")}
# Secrets that the inventory takes from the environment, for root to read.
EnvironmentFile=-/etc/pyinfra-mail/{self.unit.replace(".timer", ".env")}
ExecStart={" ".join(_quoted(word.replace("$", "$$")) for word in self.command)}
TimeoutStartSec=30min
"""

    def _timer(self) -> str:
        return f"""# Made by deploys/timer.py of pyinfra-mail.
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
    # systemd.syntax(7), quoting; a variable, which begins with $, is known in command lines alone.
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_literal(escaped)}"'
