"""
Bench `verify`: seconds, queries and remote commands of a whole verification.

Each case is deployed and published first. Then `deploys/verify.py` runs as an operator runs it,
from the start of pyinfra to its end. A verification that does not pass is no figure. The servers
count the queries and commands: the name server, the resolver, and the mail hosts' SSH servers.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploys.lab.definition import Lab, Role

from .instruments.command import ROOT, BenchError, run
from .instruments.hosts import Hosts, lab_up
from .instruments.machine import machine
from .instruments.report import Case, Figures, Report, interleaved
from .instruments.zones import Zones, zones_made

HERE = Path(__file__).parent
INVENTORY = HERE / "verification_inventory.py"
PROOF = ROOT / "reports" / HERE.name / "report.json"  # named after the folder of the inventory
DOMAINS = "BENCH_DOMAINS"  # environment variable: the domains of each host
VERIFY, BASELINE = "verify", "1x1"  # hosts and domains
SECONDS, MESSAGES, COMMANDS, ANSWERS = "seconds", "messages", "remote_commands_per_host", "answers"
SCRIPTS = HERE / "instruments" / "host"
SERVERS: Mapping[str, tuple[Role, str]] = {
    "name_server_queries": ("ns", "pdns_control show udp-queries; pdns_control show tcp-queries"),
    "resolver_queries": (
        "resolver",
        "unbound-control -c /run/unbound.bench.conf stats_noreset | grep ^total.num.queries=",
    ),
}
NUMBER = re.compile(r"\d+$", re.MULTILINE)
UNPROVED = ("--data", "verify_only=dns.mx")  # one check, so that a failure is one of the deploy
ONE, TEN = 1, 10
MOST_SECONDS = {ONE: 30.0, TEN: 60.0}  # by mail hosts, with a domain each
NOTE = (
    "Seconds are the whole run's, from the start of pyinfra to its end. Queries are those that"
    " reached the lab's name server, the resolver's own among them, and its resolver, the mail"
    " hosts' own among them. This machine has"
)
Tell = Callable[[str], None]


def verification(
    hosts: Sequence[int], domains: Sequence[int], runs: int, tell: Tell, *, keep: bool
) -> Report:
    """Measure hosts with one domain each, and one host with several domains."""
    here = machine()
    with _course(max(hosts), max(domains), tell, keep=keep) as course:
        cases = [
            measured for case in _cases(hosts, domains) for measured in course.proved(case, runs)
        ]
    note = f"{NOTE} {here['cores']} cores; its load was {here['load']} before."
    return Report(VERIFY, SECONDS, (BASELINE,), note, here, cases)


def _cases(hosts: Sequence[int], domains: Sequence[int]) -> Iterator[Case]:
    wanted = {*((count, count) for count in hosts), *((ONE, count) for count in domains)}
    for many, served in sorted(wanted):
        labels = {"hosts": many, "domains": served}
        aims = {SECONDS: MOST_SECONDS[many]} if many == served and many in MOST_SECONDS else {}
        yield Case(VERIFY, f"{many}x{served}", labels, aims)


@dataclass(frozen=True)
class Tallies:
    """Query counters of a lab's name server and resolver."""

    lab: Lab

    def begin(self) -> None:
        """Enable the counters of the resolver."""
        self._shell("resolver", (SCRIPTS / "tally.sh").read_text())

    def now(self) -> dict[str, int]:
        """Return the numbers of queries so far."""
        return {name: total(self._shell(*server)) for name, server in SERVERS.items()}

    def _shell(self, role: Role, script: str) -> str:
        container = self.lab.container(self.lab.only(role))
        return run(("podman", "exec", "-i", container, "sh", "-s"), stdin=script)


@dataclass(frozen=True)
class _Course:
    """The lab, the zones of further domains, and the counters."""

    lab: Lab
    zones: Zones
    tallies: Tallies
    tell: Tell

    def proved(self, case: Case, runs: int) -> list[Case]:
        """Deploy the hosts of a case, and measure its verifications one after the other."""
        self.tell(f"unmeasured: {case.name} is deployed")
        self._run("deploys/site.py", case, *UNPROVED)
        return interleaved([case], runs, self._measure, self.tell)

    def _measure(self, case: Case) -> Figures:
        PROOF.unlink(missing_ok=True)
        before, moment, began = self.tallies.now(), time.time(), time.perf_counter()
        self._run("deploys/verify.py", case)
        seconds = round(time.perf_counter() - began, 2)
        asked = {name: count - before[name] for name, count in self.tallies.now().items()}
        commands, uploads = Hosts(self.lab, case.labels["hosts"]).sent_since(moment)
        return {SECONDS: seconds, **asked, COMMANDS: commands + uploads, **outcome(_report())}

    def _run(self, deploy: str, case: Case, *words: str) -> None:
        argv = (".venv/bin/pyinfra", str(INVENTORY), deploy, "-y", *words)
        run(argv, environment={DOMAINS: json.dumps(self._domains(**case.labels))})

    def _domains(self, hosts: int, domains: int) -> Mapping[str, Sequence[str]]:
        """Return the domains of each host; the first host has the further ones."""
        own = {host.name: list(host.domains) for host in self.lab.of("mail")[:hosts]}
        next(iter(own.values())).extend(self.zones.names[: domains - hosts])
        return own


def outcome(proof: Mapping[str, Any]) -> Figures:
    """Return the counts of a report; raise BenchError if it did not pass."""
    findings, messages = proof["findings"], proof["messages"]
    if proof["verdict"] != "passed":
        wrong = [one for one in findings if one["severity"] in {"error", "unknown"}]
        saw = "; ".join(f"{one['id']}: {one['saw']}" for one in wrong[:3])
        raise BenchError(f"the verdict is {proof['verdict']}, so there are no figures: {saw}")
    return {MESSAGES: len(messages), ANSWERS: len(findings)}


def _report() -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(PROOF.read_text())
    except FileNotFoundError:
        raise BenchError(f"the run left no report at {PROOF}") from None
    return found


@contextmanager
def _course(hosts: int, domains: int, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell(f"raising a lab of {hosts} mail hosts")
    with lab_up(hosts, keep=keep) as lab:
        Hosts(lab, hosts).count_commands()
        tallies = Tallies(lab)
        tallies.begin()
        tell(f"unmeasured: {domains - 1} zones are made in its PowerDNS")
        with zones_made(lab, domains - 1) as zones:
            yield _Course(lab, zones, tallies, tell)


def total(shown: str) -> int:
    """Return the sum of the numbers at the ends of lines."""
    numbers = NUMBER.findall(shown)
    if not numbers:
        raise BenchError(f"a server of the lab does not say how many queries it got: {shown!r}")
    return sum(map(int, numbers))
