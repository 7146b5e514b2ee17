"""
Host of `scripts/bench outbound`: one of four mail servers at a time, and a sink behind it.

The distribution's Postfix, the same with OpenDKIM, ours, and ours without its signer are set up
once and kept. A change from one to another takes two seconds.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

from deploys.lab.definition import Lab, LabHost, Suite
from deploys.lab.inventory import ACCOUNT, password

from .command import BenchError, run
from .submission import Sent, Submission

SCRIPTS = Path(__file__).parent / "host"
HERE = "scripts/benches"
HOST = "BENCH_HOST"  # environment variable: the host to deploy
RELAYHOST = "[127.0.0.1]:2525"  # the sink, as sink.sh starts it
RECIPIENT = "visitor@faraway.example"
SUITES: Mapping[str, Suite] = {"12": "bookworm", "13": "trixie"}
STOCK, STOCK_OPENDKIM, UNSIGNED, SIGNED = "stock", "stock_opendkim", "unsigned", "signed"
UNITS: Mapping[str, Sequence[str]] = {
    STOCK: (),
    UNSIGNED: (),
    SIGNED: ("rspamd",),
    STOCK_OPENDKIM: ("opendkim",),
}
SIGNATURES: Mapping[str, int] = {STOCK: 0, UNSIGNED: 0, SIGNED: 2, STOCK_OPENDKIM: 1}


@dataclass(frozen=True)
class Sender:
    """A mail host of the bench lab whose mail all goes to a sink on the same host."""

    lab: Lab
    host: LabHost

    @property
    def login(self) -> str:
        """Return the address of its account."""
        return f"{ACCOUNT}@{self.host.domains[0]}"

    @property
    def address(self) -> str:
        """Return its address."""
        return str(self.lab.address4(self.host))

    def set_up(self) -> None:
        """Set up every contender once."""
        self.shell("stock", self.host.hostname, *self.host.domains, RELAYHOST)
        self.deploy()
        self.shell("ours")

    def deploy(self, script: str = f"{HERE}/outbound_deploy.py", *words: str) -> None:
        """Deploy the host with signing, as its inventory says."""
        argv = (".venv/bin/pyinfra", f"{HERE}/outbound_inventory.py", script, "-y", *words)
        run(argv, environment={HOST: self.host.name})

    def become(self, contender: str) -> None:
        """Run a contender, and check the number of its signatures."""
        self.shell("become", contender, *UNITS[contender])
        found = int(self.shell("signatures", self.login, RECIPIENT))
        if found != SIGNATURES[contender]:
            raise BenchError(
                f"{contender} signs {found} times, {SIGNATURES[contender]} were expected"
            )

    def relay(self, count: int, *sink: str) -> float:
        """Return the seconds for messages from this host through port 25 to a sink."""
        with self.sink(count, *sink) as ended:
            began = float(self.shell("source", str(count), self.login, RECIPIENT))
            return ended() - began

    def submit(self, count: int, rate: float) -> tuple[float, Sent]:
        """Return the seconds for messages from the account to a sink, and their latencies."""
        with self.sink(count) as ended:
            secret = password(self.lab).resolve()
            submission = Submission(self.address, self.login, secret, (RECIPIENT,))
            sent = submission.send(range(count), rate)
            return ended() - sent.began, sent

    @contextmanager
    def sink(self, count: int, *words: str) -> Iterator[Callable[[], float]]:
        """Yield a function that waits for the last message at the sink and returns its time."""
        argv = (*self._inside, "sh", "-c", _script("sink"), "sink", str(count), *words)
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=PIPE, text=True) as sink:
            try:
                _line(sink)
                yield lambda: float(_line(sink))
            finally:
                sink.terminate()

    def queue(self) -> str:
        """Return the file system of the queue, and the time of an fsync on it."""
        return self.shell("queue").strip()

    @property
    def _inside(self) -> tuple[str, ...]:
        return ("podman", "exec", "-i", self.lab.container(self.host))

    def shell(self, script: str, *arguments: str) -> str:
        """Run a script on the host and return what it prints."""
        return run((*self._inside, "sh", "-s", *arguments), stdin=_script(script))


def _script(name: str) -> str:
    return (SCRIPTS / f"{name}.sh").read_text()


def _line(sink: "subprocess.Popen[str]") -> str:
    line = sink.stdout.readline() if sink.stdout else ""
    if not line:
        raise BenchError("the sink did not get every message; look at the host's queue")
    return line


def sender(lab: Lab, release: str) -> Sender:
    """Return the lab's mail host of a Debian release."""
    (host,) = (host for host in lab.of("mail") if host.suite == SUITES[release])
    return Sender(lab, host)
