"""Raising labs, and commands inside their hosts."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from deploys.host.agent.system.processes import Process, process
from deploys.lab.definition import Lab, LabHost, named
from deploys.lab.podman import remove

ROOT = Path(__file__).parents[2]
SECONDS = 900  # base images may have to be built first
# Each of pytest's workers has a lab of its own, in which it runs whole files of tests.
NAME = os.environ.get("PYTEST_XDIST_WORKER", "gw0").replace("gw", "tests")
Done = subprocess.CompletedProcess[str]
# Runs a command inside the container of a process, as `podman exec` does with fifty times the CPU.
OF_CONTAINER = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root")
ENTER = ("env", "--ignore-environment", "--chdir=/", *OF_CONTAINER, "nsenter", "--all", "--target")
# The first process of each container, with its start: the kernel gives its number again.
FIRST_PROCESSES: dict[str, Process] = {}


@dataclass(frozen=True)
class Raised:
    """A lab that deploys/lab.py was asked for."""

    name: str
    mail_hosts: int | None = None

    @cached_property
    def lab(self) -> Lab:
        """What it consists of."""
        return named(self.name, self.mail_hosts)

    def host(self, name: str) -> LabHost:
        """Return one of its hosts."""
        return next(host for host in self.lab.hosts if host.name == name)

    def address(self, name: str) -> str:
        """Return the IPv4 address of a host."""
        return str(self.lab.address4(self.host(name)))

    def pointer(self, name: str) -> str:
        """Return the name in the reverse zone that the IPv4 address of a host has."""
        return self.lab.address4(self.host(name)).reverse_pointer

    def up(self) -> Done:
        """Raise it."""
        return self._deploy()

    def down(self, **data: str) -> Done:
        """Remove it."""
        return self._deploy(lab="absent", **data)

    def renew(self, *names: str) -> Done:
        """Make some of its hosts anew: a fresh Debian each."""
        self.withdraw_keys(*names)
        remove([self.container(name) for name in names])
        return self.up()

    def bare(self, *names: str) -> None:
        """Make those of its hosts anew that have had mail, which no host of a new lab has."""
        traces = "/etc/postfix", "/etc/exim4", "/var/lib/pyinfra-mail"
        used = [name for name in names if self.run(name, "find", *traces, "-prune", check=False)]
        if used:
            self.renew(*used)

    def withdraw_keys(self, *names: str) -> None:
        """
        Let the DNS name no key of these hosts: a peer would keep mail for those of before.

        The registry goes too, since records have been taken out past it.
        """
        for host in map(self.host, names):
            for zone in host.domains:
                keys = f"_25._tcp.{host.hostname.removesuffix(f'.{zone}')}"
                for record, kind in ((keys, "TLSA"), ("_pyinfra-mail", "TXT")):
                    self.run("ns", "pdnsutil", "delete-rrset", zone, record, kind, check=False)
        self.run("ns", "pdns_control", "purge", check=False)

    def run(self, name: str, *command: str, check: bool = True) -> str:
        """Return what a command prints inside a host."""
        first = first_process(self.container(name))
        return printed(*ENTER, str(first.pid), *command, check=check)

    def container(self, name: str) -> str:
        return self.lab.container(self.host(name))

    def _deploy(self, **data: str) -> Done:
        data["lab_name"] = self.name
        if self.mail_hosts is not None:
            data["lab_mail_hosts"] = str(self.mail_hosts)
        words = (word for key, value in data.items() for word in ("--data", f"{key}={value}"))
        return pyinfra("@local", "deploys/lab.py", *words)


def first_process(container: str) -> Process:
    """Return the process that a container began with."""
    known = FIRST_PROCESSES.get(container)
    if known and process(known.pid) == known and Path(f"/proc/{known.pid}/root/etc/lab").exists():
        return known
    found = process(int(podman("inspect", "--format={{.State.Pid}}", container)))
    assert found, f"{container} does not run"
    FIRST_PROCESSES[container] = found
    return found


def pyinfra(*arguments: str) -> Done:
    """Run pyinfra as an operator does, with its results as JSON."""
    return subprocess.run(
        (sys.executable, "-m", "pyinfra", "-y", "--json", *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def totals(done: Done) -> Any:
    """Return how many operations of a run changed something, did not, and failed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["results"]["totals"]


def podman(*arguments: str, check: bool = True) -> str:
    """Return what podman prints."""
    return printed("podman", *arguments, check=check)


def printed(*command: str, check: bool = True) -> str:
    """Return what a command prints."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()
