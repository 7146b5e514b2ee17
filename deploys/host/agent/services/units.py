"""Services under systemd: load, probe, restore and disable."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...model.desired import Service
from ..system.patience import Patience
from ..system.processes import Process, children, pid_in, process
from ..system.shell import Refused, must, run, tail
from ..system.sockets import answers
from . import dialogue, journal, resolver
from .addresses import own_addresses, possible
from .loaded import Record, files_digest, forget, note_configured, record, switching

UNITS = ("/etc/systemd/", "/usr/local/lib/systemd/")
TRIGGERS = (".timer", ".path")  # of units that start others


@dataclass
class Switch:
    """
    The switch of one service: its state before, and the directories exchanged so far.

    `fixed` is what only a restart can change, and a restart opens the sockets of a `silent` service
    again; `restarted` tells whether the load was one.
    """

    service: Service
    running: bool
    fixed: str
    before: Record
    silent: bool
    restarted: bool = False
    exchanged: list[str] = field(default_factory=list)

    @property
    def replaces(self) -> bool:
        """Tell whether there is a set before this one, with which the service can run."""
        return self.running or bool(self.before.owned)


def switch(service: Service) -> Switch:
    """Return the switch of a service before it begins."""
    running = main_process(service) is not None
    mark = switching(service.query.name)
    # After an interrupted run the service still runs with the state before that run.
    fixed = mark.read_text() if mark.exists() else _fixed(service, running=running)
    silent = not all(map(answers, service.query.sockets))
    return Switch(service, running, fixed, record(service.query.name), silent)


def main_process(service: Service) -> Process | None:
    """Return the main process of a service, if it runs."""
    if service.query.pid_file:
        return process(pid_in(service.query.pid_file))
    shown = run("systemctl", "show", "-p", "MainPID", "--value", service.unit).stdout
    return process(int(shown.strip() or 0))


def _fixed(service: Service, *, running: bool) -> str:
    """Return what only a restart can change: listening addresses, and files that are read once."""
    command = service.listening_command
    # Without a main.cf Postfix's tools sleep for a second before they fail.
    listening = run(*command).stdout if command and running else ""
    paths = {*record(service.query.name).owned, *(file.path for file in service.set)}
    units = {path for path in paths if path.startswith(UNITS)}
    return listening + files_digest(sorted({*service.restart_for, *units}))


def reload_systemd(switches: Iterable[Switch]) -> None:
    """Let systemd read its units again if a set has any."""
    paths = [
        path for one in switches for path in (*one.service.query.directories, *one.before.owned)
    ]
    if any(path.startswith(UNITS) for path in paths):
        must("load", "systemctl", "daemon-reload")


def load(switch: Switch, since: float) -> None:
    """Load the live set into a service, and wait until its sockets answer."""
    service = switch.service
    verb = _verb(switch)
    switch.restarted = verb == "restart"
    _stop_removed(switch)
    with explained(service, since):
        if switch.running:
            with new_workers(service):
                _require(verb, service.unit)
        else:
            _start(service)
        wait_for_sockets(service.query.sockets, "load", service.unit)


def _stop_removed(switch: Switch) -> None:
    """Stop the timers and watches whose files are gone: systemd no longer knows whose they are."""
    gone = [
        name.name
        for name in map(Path, switch.before.owned)
        if str(name).startswith(UNITS) and name.suffix in TRIGGERS and not name.exists()
    ]
    for verb in ("stop", "reset-failed"):
        if gone:
            run("systemctl", verb, *gone)


@contextmanager
def explained(service: Service, since: float) -> Iterator[None]:
    """Add to a refusal what the service itself has said since a time."""
    try:
        yield
    except Refused as refused:
        running = main_process(service) is not None
        why = journal.explained(str(refused), service, since, running=running)
        raise Refused(refused.step, why) from None


def _require(verb: str, unit: str) -> None:
    done = run("systemctl", verb, unit)
    if done.returncode:
        # Of a failed job, systemctl only tells where to look.
        said = "" if done.stderr.startswith("Job for ") else f": {tail(done.stderr)}"
        failed = "does not reload" if verb == "reload" else "does not start"
        raise Refused("load", f"{unit} {failed}{said}")


def _start(service: Service) -> None:
    if any(Path("/run/systemd/system", name).is_symlink() for name in service.masked):
        run("systemctl", "unmask", "--runtime", *service.masked)  # masked by an interrupted run
    if run("systemctl", "is-enabled", "--quiet", service.enabled).returncode:
        must("load", "systemctl", "enable", "--quiet", service.enabled)
    _require("restart", service.enabled)
    _require("start", service.unit)


def restart_before(switch: Switch) -> None:
    """Load the restored set into a service; stop the service if it never had a set before."""
    service = switch.service
    if not switch.replaces:
        run("systemctl", "stop", service.unit)
        return
    # A process that has started with the new set keeps parts of it at a reload.
    again = switch.restarted or not main_process(service)
    with suppress(Refused), new_workers(service):
        run("systemctl", "restart" if again else _verb(switch), service.unit)


@contextmanager
def new_workers(service: Service) -> Iterator[None]:
    """Wait for worker processes that have read the new set, if a service has workers."""
    before = workers(service) if service.workers else set()
    yield
    patience = Patience(service.unit)
    while service.workers and not workers(service) - before:
        if end := patience.end():
            why = f"{service.unit} started no new workers ({end})"
            raise Refused("load", f"{why}, and still uses the old configuration")
        time.sleep(0.05)


def workers(service: Service) -> set[str]:
    """Return the process ids of the children of a service's main process."""
    main = main_process(service)
    return children(main.pid) if main else set()


def _verb(switch: Switch) -> str:
    if not switch.running or switch.silent:
        return "restart"
    if switch.fixed != _fixed(switch.service, running=switch.running):
        return "restart"
    unit = switch.service.unit
    able = run("systemctl", "show", "-p", "CanReload", "--value", unit).stdout
    return "reload" if able.strip() == "yes" else "restart"


def probe(service: Service, since: float) -> None:
    """Test a live service, started since a time: its sockets, its process, its answers."""
    with explained(service, since):
        wait_for_sockets(service.query.sockets, "probe", service.unit)
        if not main_process(service):
            raise Refused("probe", f"{service.unit} is not running after its start")
        for address in service.resolvers:
            resolver.require_answer(address)
        own = own_addresses() if service.probes else ()
        for question in possible(service.probes, own):
            dialogue.ask("probe", question, unit=service.unit)


def wait_for_sockets(sockets: Iterable[str], step: str, unit: str = "") -> None:
    """Wait until a process answers at each UNIX socket, while the unit shows signs of life."""
    patience = Patience(unit)
    for path in sockets:
        while not answers(path):
            if end := patience.end():
                raise Refused(step, f"no process answers at the socket {path} ({end})")
            time.sleep(0.02)


def disable(name: str, unit: str) -> None:
    """Stop a service that is no longer needed; its files stay."""
    must("load", "systemctl", "disable", "--now", "--quiet", unit)
    note_configured(name)  # a host of an earlier version has no note yet
    forget(name)
