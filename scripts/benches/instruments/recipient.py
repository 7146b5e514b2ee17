"""
Host of `scripts/bench inbound`: one of four mail servers at a time, and its one mailbox.

The distribution's Postfix, alone and with rspamd as it comes, and ours, without a judgement of
mail and with it, are set up once and kept. The outside sender is the peer of the lab.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from deploys.lab.definition import Lab, LabHost
from deploys.lab.inventory import ACCOUNT, MAILBOX, password

from .command import BenchError, run
from .inbox import Inbox
from .memory import megabytes
from .sender import HERE, HOST, STOCK, SUITES

SCRIPTS = Path(__file__).parent / "host"
PROGRAM = Path(__file__).with_name("outside.py")
JUDGES = "BENCH_JUDGES"  # environment variable of the inventory: "yes" or "no"
STOCK_RSPAMD = "stock_rspamd"
UNJUDGED, JUDGED = "unjudged", "judged"
OURS = (UNJUDGED, JUDGED)
OF_OURS = (
    *("unbound", "redis-server@rspamd", "rspamd", "dovecot", "postfix-mta-sts-resolver"),
    "fail2ban",
)
UNITS: Mapping[str, Sequence[str]] = {
    STOCK: (),
    STOCK_RSPAMD: ("rspamd",),
    UNJUDGED: OF_OURS,
    JUDGED: OF_OURS,
}
SESSIONS = 20
WARMING = 20  # messages before anything is measured, one after the other
PATIENCE = 60.0  # seconds for messages that were accepted


@dataclass(frozen=True)
class Recipient:
    """A mail host of the bench lab with one mailbox, and the peer that sends to it."""

    lab: Lab
    host: LabHost

    @property
    def address(self) -> str:
        """Return the address of its mailbox."""
        return f"{ACCOUNT}@{self.host.domains[0]}"

    def set_up(self) -> None:
        """Set up every contender once."""
        self.shell("inbound_stock", self.host.hostname, self.host.domains[0], ACCOUNT)
        for contender in OURS:
            self._deploy(contender)
            self.shell("inbound_keep", contender)

    def _deploy(self, contender: str) -> None:
        judges = "yes" if contender == JUDGED else "no"
        inventory = f"{HERE}/inbound_inventory.py"
        run(
            (
                ".venv/bin/pyinfra",
                inventory,
                "deploys/site.py",
                "-y",
                "--data",
                "verify_only=dns.mx",
            ),
            environment={HOST: self.host.name, JUDGES: judges},
        )

    def become(self, contender: str) -> None:
        """Run a contender with an empty mailbox; wait until it has judged and delivered mail."""
        milter = "inet:localhost:11332" if contender == STOCK_RSPAMD else ""
        self.shell("inbound_become", contender, milter, ACCOUNT, *UNITS[contender])
        self.relay(WARMING, sessions=1)

    def memory(self) -> Mapping[str, float]:
        """Return the MB of its services, by unit."""
        return megabytes(self.lab.container(self.host))

    def relay(self, count: int, sessions: int = SESSIONS) -> float:
        """Return the seconds from the first message until the last one is delivered."""
        before = self.kept()
        sent = self._sent(count, 0, sessions)
        ended = float(self.shell("inbound_ended", str(PATIENCE)))
        arrived = self.kept() - before
        if arrived != count:
            raise BenchError(f"{self.host.name}: {arrived} of {count} messages are in the mailbox")
        began: float = sent["began"]
        return ended - began

    def arrivals(self, count: int, rate: float) -> tuple[float, ...]:
        """Return the seconds from the end of each message's data until it is seen by IMAP."""
        inbox = Inbox(str(self.lab.address4(self.host)), self.address, password(self.lab).resolve())
        ready = Event()
        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(inbox.arrivals, count, count / rate + PATIENCE, ready)
            while not ready.wait(0.1):
                if looking.done():
                    looking.result()  # raises what is wrong
            sent = self._sent(count, rate, SESSIONS)
            seen = looking.result()
        return tuple(seen[int(turn)] - ended for turn, (ended, _) in sent["times"].items())

    def kept(self) -> int:
        """Return how many messages are in the mailbox."""
        return int(self.shell("inbound_kept", ACCOUNT, self.address))

    def _sent(self, count: int, rate: float, sessions: int) -> Any:  # noqa: ANN401 - JSON
        peer = self.lab.only("peer")
        words = (
            *(str(self.lab.address4(self.host)), peer.hostname, f"{MAILBOX}@{peer.domains[0]}"),
            *(self.address, str(count), str(sessions), str(rate)),
        )
        argv = ("podman", "exec", "-i", self.lab.container(peer), "python3", "-", *words)
        return json.loads(run(argv, stdin=PROGRAM.read_text()))

    def shell(self, script: str, *arguments: str) -> str:
        """Run a script on the host and return what it prints."""
        argv = ("podman", "exec", "-i", self.lab.container(self.host), "sh", "-s", *arguments)
        return run(argv, stdin=(SCRIPTS / f"{script}.sh").read_text())


def recipient(lab: Lab, release: str) -> Recipient:
    """Return the lab's mail host of a Debian release."""
    (host,) = (host for host in lab.of("mail") if host.suite == SUITES[release])
    return Recipient(lab, host)
