"""
Benches `noop` and `first`: seconds to set up mail hosts, and to find nothing to change.

Three contenders bring the same hosts to the same state: our deploy, ordinary pyinfra operations,
and an Ansible playbook. The bench compares the state of every host after each contender.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploys.lab import inventory, state
from deploys.lab.definition import Lab, LabHost, Suite

from .contenders import NAMES, Data, contender, rendered
from .instruments.hosts import Hosts, lab_up, same
from .instruments.machine import machine
from .instruments.proxy import far_away
from .instruments.report import Case, Figures, Report, interleaved

OURS, COMMANDS, UPLOADS = "ours", "remote_commands_per_host", "uploads_per_host"
NOTES = {
    "noop": "Everything is in place and nothing changes.",
    "first": (
        "Packages are installed already, so that the package manager's time is left aside; nothing"
        " is configured. Ours tests the configuration in a preflight before it"
        " becomes live, the others do not."
    ),
}
SSH_PORT = 22
NEAR_MS, FAR_MS = 0, 50
RELEASES: Mapping[Suite, str] = {"bookworm": "12", "trixie": "13"}
ROUTES = ((NEAR_MS, "near"), (FAR_MS, "far"))
Routes = Mapping[int, Mapping[str, Data]]  # by round trip in ms, then by host
FRAME = (
    "Far: 50 ms of round trip, also for the TCP handshake. Remote commands are counted by the SSH"
    " server, uploads by SFTP. All hosts share this machine's"
)
MOST_COMMANDS = {"noop": 3, "first": 8}
MOST_SECONDS = {
    "noop": {(1, FAR_MS): 1.0, (20, NEAR_MS): 2.5},
    "first": {(1, FAR_MS): 2.0, (20, NEAR_MS): 2.5},
}
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Sizes:
    """Numbers of mail hosts, and whether they are near only."""

    hosts: Sequence[int]
    near: bool = False


def deployment(
    benches: Sequence[str], sizes: Sizes, runs: int, tell: Tell, *, keep: bool
) -> list[Report]:
    """Measure all contenders in one lab, for each of the benches."""
    here = machine()
    frame = f"{FRAME} {here['cores']} cores; its load was {here['load']} before."
    with _course(max(sizes.hosts), tell, keep=keep) as course:
        measures = {"noop": course.noop, "first": course.first}
        return [
            Report(
                bench,
                "seconds",
                (OURS,),
                f"{NOTES[bench]} {frame}",
                here,
                interleaved(_cases(bench, sizes), runs, measures[bench], tell),
            )
            for bench in benches
        ]


def _cases(bench: str, sizes: Sizes) -> Iterator[Case]:
    for count in sizes.hosts:
        for rtt_ms, route in ROUTES[: 1 if sizes.near else None]:
            for name in NAMES:
                case = Case(f"{bench}_{count}_{route}", name, {"hosts": count, "rtt_ms": rtt_ms})
                yield replace(case, aims=_aims(bench, count, rtt_ms)) if name == OURS else case


def _aims(bench: str, count: int, rtt_ms: int) -> Figures:
    seconds = MOST_SECONDS[bench].get((count, rtt_ms))
    commands = {COMMANDS: MOST_COMMANDS[bench]}
    return commands if seconds is None else {"seconds": seconds, **commands}


@dataclass(frozen=True)
class _Course:
    """The hosts, the routes to them, and the expected state of each host."""

    lab: Lab
    routes: Routes
    done: Sequence[str] = ()

    def first(self, case: Case) -> Figures:
        """Measure a contender on hosts where nothing is configured."""
        hosts = Hosts(self.lab, case.labels["hosts"])
        hosts.reset()
        figures = self.timed(case.contender, hosts, case.labels["rtt_ms"])
        same(hosts, self.done, hosts.state(), f"{case.name} left something else")
        return figures

    def noop(self, case: Case) -> Figures:
        """Measure a contender on hosts where everything is in place."""
        hosts = Hosts(self.lab, case.labels["hosts"])
        before = hosts.trace()
        figures = self.timed(case.contender, hosts, case.labels["rtt_ms"])
        same(hosts, before, hosts.trace(), f"{case.name} changed something")
        return figures

    def timed(self, name: str, hosts: Hosts, rtt_ms: int) -> Figures:
        """Return the seconds of a contender's run, and the commands and uploads of a host."""
        data = {host.name: self.routes[rtt_ms][host.name] for host in hosts.members}
        with contender(name, data) as program:
            moment, began = time.time(), time.perf_counter()
            program.run()
            seconds = round(time.perf_counter() - began, 3)
        commands, uploads = hosts.sent_since(moment)
        return {"seconds": seconds, COMMANDS: commands + uploads, UPLOADS: uploads}


@contextmanager
def _course(count: int, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell(f"raising a lab of {count} mail hosts and installing packages")
    with (
        lab_up(count, keep=keep) as lab,
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        routes(lab, Path(directory)) as ways,
    ):
        Hosts(lab, count).prepare()
        course = _Course(lab, ways)
        yield replace(course, done=_compared(course, count, tell))


def _compared(course: _Course, count: int, tell: Tell) -> list[str]:
    """Run each contender once, ours last; return the state that all of them reach."""
    hosts = Hosts(course.lab, count)
    done: list[str] = []
    for name in reversed(NAMES):
        tell(f"unmeasured: {name} on {count} hosts, to compare what it brings about")
        hosts.reset()
        course.timed(name, hosts, NEAR_MS)
        found = hosts.state()
        same(hosts, done or found, found, f"{name} left something else than the one before")
        done = found
    return done


@contextmanager
def routes(lab: Lab, directory: Path) -> Iterator[Routes]:
    """Yield each host's data for every route to it, for as long as the context lasts."""
    near = {host.name: _near(lab, host, directory) for host in lab.of("mail")}
    addresses = [(str(data["ssh_hostname"]), SSH_PORT) for data in near.values()]
    with far_away(addresses, FAR_MS / 1000) as ports:
        known_hosts = directory / "known_hosts"
        far = {
            name: {
                **data,
                "ssh_hostname": "127.0.0.1",
                "ssh_port": ports[data["ssh_hostname"], SSH_PORT],
                "ssh_known_hosts_file": str(known_hosts),
            }
            for name, data in near.items()
        }
        known_hosts.write_text("".join(_known(lab, name, data) for name, data in far.items()))
        yield {NEAR_MS: near, FAR_MS: far}


def _near(lab: Lab, host: LabHost, directory: Path) -> Data:
    data = dict(inventory.hosts(lab.name, "mail", len(lab.of("mail"))))[host.name]
    files = directory / host.name
    rendered(data, RELEASES[host.suite], files)
    return {**data, "ssh_port": SSH_PORT, "bench_files": str(files)}


def _known(lab: Lab, name: str, data: Data) -> str:
    return f"[{data['ssh_hostname']}]:{data['ssh_port']} {state.keys(lab).ssh_public(name)}\n"
