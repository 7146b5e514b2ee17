"""How many queries the bench lab's name server and resolver got, as they count them themselves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploys.lab.definition import Lab, Role

from .command import BenchError, run

SCRIPTS = Path(__file__).parent / "host"
SERVERS: Mapping[str, tuple[Role, str]] = {
    "name_server_queries": ("ns", "pdns_control show udp-queries; pdns_control show tcp-queries"),
    "resolver_queries": (
        "resolver",
        "unbound-control -c /run/unbound.bench.conf stats_noreset | grep ^total.num.queries=",
    ),
}
NUMBER = re.compile(r"\d+$", re.MULTILINE)


@dataclass(frozen=True)
class Tallies:
    """The counters of a lab's DNS."""

    lab: Lab

    def begin(self) -> None:
        """Let the resolver be asked how many queries it got."""
        self._shell("resolver", (SCRIPTS / "tally.sh").read_text())

    def now(self) -> dict[str, int]:
        """Return how many queries there have been so far."""
        return {name: total(self._shell(*server)) for name, server in SERVERS.items()}

    def _shell(self, role: Role, script: str) -> str:
        container = self.lab.container(self.lab.only(role))
        return run(("podman", "exec", "-i", container, "sh", "-s"), stdin=script)


def total(shown: str) -> int:
    """Return the sum of the numbers at the ends of lines."""
    numbers = NUMBER.findall(shown)
    if not numbers:
        raise BenchError(f"a server of the lab does not say how many queries it got: {shown!r}")
    return sum(map(int, numbers))
