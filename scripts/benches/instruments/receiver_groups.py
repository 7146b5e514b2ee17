"""
Receiver groups of `scripts/bench bulk`: stand-ins with forty domains, and one for ordinary mail.

They run on the host of the lab's name server, each at an address of its own. Three groups are found
by their MX host, and take one message on a connection. The fourth is found by its domains, and
takes several.
"""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploys.lab.definition import Lab
from deploys.mail.shaping import Group

from .command import BenchError, run
from .zones import records_made

HERE = Path(__file__).parent
PROGRAM = HERE / "receivers.py"
ZONE = "faraway.example"
SMTP_PORT, COUNTS_PORT = 25, 2500
FIRST_ADDRESS = 41  # in the lab's network
DOMAINS = 10  # of a group
MESSAGE_SECONDS = 0.05  # that a group takes for a message
ORDINARY = "ordinary"
PATIENCE = 1800  # seconds until all messages must be there
Counts = Mapping[str, Mapping[str, float]]


def _domains(group: str) -> tuple[str, ...]:
    return tuple(f"{group}{number}.{ZONE}" for number in range(DOMAINS))


def _mx(group: str) -> str:
    return f"mx.{group}.{ZONE}"


GROUPS = (
    Group("brook", mx=(_mx("brook"),), concurrency=3),
    Group("creek", mx=(_mx("creek"),), concurrency=5),
    Group("river", mx=(_mx("river"),), concurrency=10),
    Group("lake", _domains("lake"), concurrency=20, messages_per_connection=20),
)
NAMES = tuple(group.name for group in GROUPS)
# One domain after the other, and each of another group than the one before.
BULK_RECIPIENTS = tuple(
    f"reader{{}}@{domain}" for same in zip(*map(_domains, NAMES), strict=True) for domain in same
)
ORDINARY_RECIPIENTS = (f"reader{{}}@{ORDINARY}.{ZONE}",)


def shaping() -> Mapping[str, Mapping[str, Any]]:
    """Return `mail_shaping` with the groups."""
    return {group.name: dict(_fields(group)) for group in GROUPS}


def _fields(group: Group) -> Iterator[tuple[str, Any]]:
    yield "concurrency", group.concurrency
    if group.mx:
        yield "mx", list(group.mx)
    if group.domains:
        yield "domains", list(group.domains)
        yield "messages_per_connection", group.messages_per_connection


@dataclass(frozen=True)
class Receivers:
    """The stand-ins, asked at the address and port that tell their counts."""

    address: str
    port: int = COUNTS_PORT

    def reset(self) -> None:
        """Begin all counts anew."""
        self._asked("reset")

    def counts(self) -> Counts:
        """Return the counts of each receiver."""
        found: Counts = self._asked("counts")
        return found

    def arrivals(self, name: str) -> Mapping[int, float]:
        """Return the time at which each message of a receiver came, by the message's number."""
        return {int(number): moment for number, moment in self._asked(f"arrivals {name}").items()}

    def drained(self, count: int) -> Counts:
        """Return the counts once the groups have so many messages together."""
        return self._waited(NAMES, count)

    def delivered(self, count: int) -> Mapping[int, float]:
        """Return the arrivals of ordinary messages, once there are so many."""
        self._waited((ORDINARY,), count)
        return self.arrivals(ORDINARY)

    def _waited(self, names: tuple[str, ...], count: int) -> Counts:
        end = time.monotonic() + PATIENCE
        while (taken := sum(found["taken"] for name, found in _of(self.counts(), names))) < count:
            if time.monotonic() > end:
                raise BenchError(f"{count - taken:.0f} of {count} messages did not arrive")
            time.sleep(1)
        return self.counts()

    def _asked(self, command: str) -> Any:  # noqa: ANN401 - any JSON
        with socket.create_connection((self.address, self.port), timeout=30) as asked:
            asked.sendall(f"{command}\n".encode())
            with asked.makefile() as answer:
                return json.load(answer)


def _of(counts: Counts, names: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, float]]]:
    return ((name, found) for name, found in counts.items() if name in names)


@contextmanager
def receivers_up(lab: Lab) -> Iterator[Receivers]:
    """Start the stand-ins, with their domains in the DNS, for as long as the context lasts."""
    host = lab.only("ns")
    inside = ("podman", "exec", "-i", lab.container(host))
    own = str(lab.address4(host))
    places = {
        name: str(lab.network4[FIRST_ADDRESS + number])
        for number, name in enumerate((*NAMES, ORDINARY))
    }
    words = (f"{name}={places[name]}={SMTP_PORT}={_seconds(name)}" for name in places)
    run((*inside, "sh", "-c", "cat >/run/bench-receivers.py"), stdin=PROGRAM.read_text())
    script = (HERE / "host" / "receivers.sh").read_text()
    with records_made(lab, ZONE, [*_records(places)]):
        run((*inside, "sh", "-s", own, str(COUNTS_PORT), *words), stdin=script)
        try:
            yield Receivers(own)
        finally:
            run((*inside, "sh", "-c", "systemctl --quiet stop bench-receivers.service || true"))


def _seconds(name: str) -> float:
    return 0 if name == ORDINARY else MESSAGE_SECONDS


def _records(places: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, address in places.items():
        yield _mx(name), "A", address
        for domain in (f"{ORDINARY}.{ZONE}",) if name == ORDINARY else _domains(name):
            yield domain, "MX", f"10 {_mx(name)}."
