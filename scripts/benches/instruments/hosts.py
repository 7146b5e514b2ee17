"""
Mail hosts of the bench lab, prepared, reset and read through podman.

Nothing here uses SSH, so that the SSH log of a host holds only the commands of a contender.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploys.lab.definition import Lab, LabHost, named

from .command import BenchError, run

SCRIPTS = Path(__file__).parent / "host"
LAB = "bench"
COMMAND = re.compile(r"^Starting session: command ", re.MULTILINE)
UPLOAD = re.compile(r'^open ".*" flags \S*WRITE', re.MULTILINE)


@contextmanager
def lab_up(count: int, *, keep: bool) -> Iterator[Lab]:
    """Raise the bench lab with a number of mail hosts; remove it afterwards, unless it is kept."""
    lab = named(LAB, count)
    try:
        _pyinfra_lab("--data", f"lab_mail_hosts={count}")
        yield lab
    finally:
        if not keep:
            _pyinfra_lab("--data", "lab=absent")


def _pyinfra_lab(*data: str) -> None:
    command = (".venv/bin/pyinfra", "@local", "deploys/lab.py", "-y", "--data", f"lab_name={LAB}")
    run((*command, *data))


@dataclass(frozen=True)
class Hosts:
    """The first `count` mail hosts of the bench lab."""

    lab: Lab
    count: int

    @property
    def members(self) -> tuple[LabHost, ...]:
        """Return the hosts."""
        return self.lab.of("mail")[: self.count]

    def prepare(self) -> None:
        """Install packages and count commands from now on."""
        self.count_commands()
        self._each("prepare")

    def count_commands(self) -> None:
        """Let each host's SSH server log commands and uploads from now on."""
        self._each("count")

    def reset(self) -> None:
        """Undo the configuration of a contender."""
        self._each("reset")

    def state(self) -> list[str]:
        """Return the configuration of each host."""
        return self._each("state")

    def trace(self) -> list[str]:
        """Return the traces of changes on each host."""
        return self._each("trace")

    def sent_since(self, moment: float) -> tuple[float, float]:
        """
        Return how many commands and uploads each host got since a moment, on average.

        The SSH server counts them, which is the same for all contenders. A command is a session
        that it starts for one, on any connection; an upload is a file that its SFTP server opens
        for writing.
        """
        shown = f"journalctl --sync; journalctl -q -o cat --since=@{moment:.6f}"
        log = "\n".join(self._on_each(lambda host: self._shell(host, shown)))
        return len(COMMAND.findall(log)) / self.count, len(UPLOAD.findall(log)) / self.count

    def _each(self, script: str) -> list[str]:
        text = (SCRIPTS / f"{script}.sh").read_text()
        return self._on_each(lambda host: self._shell(host, text))

    def _on_each(self, work: Callable[[LabHost], str]) -> list[str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(work, self.members))

    def _shell(self, host: LabHost, script: str) -> str:
        return run(("podman", "exec", "-i", self.lab.container(host), "sh", "-s"), stdin=script)


def same(hosts: Hosts, expected: Sequence[str], found: Sequence[str], what: str) -> None:
    """Raise BenchError if a contender reached another state than the others."""
    for host, before, now in zip(hosts.members, expected, found, strict=False):
        if before != now:
            raise BenchError(f"{host.name}: {what}; expected\n{before}\nfound\n{now}")
