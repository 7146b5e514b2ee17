"""Deploys on the mail hosts of the tests' lab, and mail that goes on meanwhile."""

import atexit
import json
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

from tests.fakes import USED, RunIn, forks
from tests.lab.background import Background
from tests.lab.labs import NAME, ROOT, Done, Raised

INVENTORY = "tests/lab/inventory/inventory.py"
HERE = ROOT / "reports" / NAME  # where runs are started, and put their own reports
REPORT = HERE / "reports" / "inventory" / "report.json"
# What runs on real hosts import besides.
ALSO_USED = (
    "deploys.api.hosts",
    "deploys.api.verify",
    "octodns_powerdns",
    "pyinfra.connectors.ssh",
)
INTERRUPTION = Path(__file__).parent / "interruption.py"
LAB = Raised(NAME)
# A change of both hosts' Postfix, and no other.
OTHER = ("--data", "mail_postfix_main=" + json.dumps({"smtpd_error_sleep_time": "2s"}))
# For runs of deploys/site.py of which a test needs all but the proof: one check is left of it.
UNPROVED = ("--data", "verify_only=dns.mx")
# All checks but the TLS scan, smtp.protocols, which takes longer than all others together: for
# proofs that ask something else. Their report is that of a part.
UNSCANNED = ("--data", "verify_only=delivery.*,dns.*,host.*,reputation.*,smtp.[!p]*,smtp.po*")
# For runs that put the hosts back for other tests: this set has passed its preflight in many runs.
UNTRIED = ("--data", "mail_preflight=False")
MAIL_HOSTS = {"mx1": "postmaster@harbor.example", "mx2": "postmaster@orchard.example"}


@cache
def _forks() -> RunIn:
    """Start the program that makes the runs; it ends with this one."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(forks(*USED, *ALSO_USED))


def forked(folder: Path, words: tuple[str, ...], environment: Mapping[str, str]) -> Done:
    """Run pyinfra with the clone in a folder; stderr is in the output."""
    done = _forks()(folder, (ROOT,), words, {**environment, "PYTHONPATH": str(ROOT)})
    return Done(words, done.returncode, done.stdout)


def pyinfra(
    deploy: str,
    *arguments: str,
    program: tuple[str, ...] = (),
    inventory: str = INVENTORY,
    **environment: str,
) -> Done:
    """
    Run pyinfra on the lab's inventory as an operator would; stderr is in the output.

    + program: the words for Python to run instead of pyinfra
    """
    HERE.mkdir(parents=True, exist_ok=True)
    words = (str(ROOT / inventory), str(ROOT / deploy), *arguments)
    environment = os.environ | environment
    if not program:
        return forked(HERE, words, environment)
    return subprocess.run(
        (sys.executable, *program, *words),
        cwd=HERE,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=600,
        check=False,
    )


def deployed(*arguments: str) -> str:
    """Configure the mail hosts and return the output; fail the test where the run fails."""
    done = pyinfra("deploys/hosts.py", "-y", *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def restored() -> None:
    """Put the mail hosts back as the inventory says, for the tests of other files."""
    deployed(*UNTRIED)


def refused(*arguments: str, deploy: str = "deploys/hosts.py") -> str:
    """Run a deploy that has to fail and return its output, which is no traceback."""
    done = pyinfra(deploy, "-y", *arguments)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


def interrupted(name: str, number: int, moment: str, action: str, *arguments: str) -> Done:
    """Configure the hosts, and act at one of the remote commands to a host."""
    program = (str(INTERRUPTION), name, str(number), moment, action)
    return pyinfra("deploys/hosts.py", "-y", *arguments, program=program)


def on(name: str, command: str) -> str:
    """Run a shell command on a host and return what it prints."""
    return LAB.run(name, "sh", "-c", command)


def live_set(name: str) -> str:
    """Return a digest of every text that a host's Postfix reads; built tables bear a date."""
    texts = "find . -type f ! -name '*.lmdb'"
    return on(name, f"cd /etc/postfix && {texts} | sort | xargs sha256sum | sha256sum")


def live_sets() -> dict[str, str]:
    """Return the digests of both hosts' sets."""
    return {name: live_set(name) for name in MAIL_HOSTS}


@contextmanager
def undone(name: str, command: str) -> Iterator[None]:
    """Undo on a host, at the end, what a test does to it."""
    try:
        yield
    finally:
        on(name, command)


def settled(name: str, *conditions: str) -> None:
    """Wait until something is so on a host, a moment long."""
    for _ in range(400):
        if all(on(name, f"{one} >/dev/null 2>&1 && echo yes || true") for one in conditions):
            return
        time.sleep(0.1)
    raise AssertionError(f"{name}: {conditions}")


def ended(name: str) -> None:
    """Wait until nothing of a run is left on a host: what a killed one has begun there goes on."""
    for _ in range(600):  # a slow machine installs packages for minutes
        if on(name, "pgrep -f '[h]ost.agent.__main__' >/dev/null || echo yes"):
            return
        time.sleep(0.5)
    raise AssertionError(f"{name}: a run has not ended")


class Traffic(Background):
    """Mail that goes to a host while something else happens: every message is counted."""

    def __init__(self, name: str, rate: float = 10) -> None:
        self.name = name
        self.accepted = 0
        self.failures: list[str] = []
        self._token = uuid4().hex
        self._pause = 1 / rate

    def arrived(self) -> int:
        """Return how many of the messages are in the mailbox, waiting a moment for the last."""
        for _ in range(400):
            found = int(on(self.name, f"grep -c 'Subject: {self._token}' /var/mail/root || true"))
            if found >= self.accepted:
                break
            time.sleep(0.1)
        return found

    def assert_nothing_was_lost(self) -> None:
        """Assert that every message was accepted at once and has arrived."""
        assert self.failures == []
        assert self.accepted > 0
        assert self.arrived() == self.accepted

    def _work(self) -> None:
        message = f"Subject: {self._token}\r\n\r\nFor as long as the deploy runs.\r\n"
        for _ in range(6000):  # ten minutes at the most
            if self._ends_within(self._pause):
                return
            try:
                with smtplib.SMTP(LAB.address(self.name), timeout=15) as smtp:
                    smtp.sendmail("", MAIL_HOSTS[self.name], message)
                self.accepted += 1
            except (OSError, smtplib.SMTPException) as error:
                self.failures.append(repr(error))
