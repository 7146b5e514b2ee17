"""Services under systemd: load, probe, restore and disable."""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...model.desired import Service
from ..system.processes import Process, children, pid_in, process
from ..system.shell import Refused, must, run
from . import dialogue
from .loaded import Record, files_digest, forget, note_configured, record, switching

UNITS = "/etc/systemd/"
WORKER_SECONDS = 30.0  # rspamd takes a third of that for all of its rules


@dataclass
class Switch:
    """
    The switch of one service: its state before, and the directories exchanged so far.

    `fixed` is what only a restart can change.
    """

    service: Service
    running: bool
    fixed: str
    before: Record
    exchanged: list[str] = field(default_factory=list)


def switch(service: Service) -> Switch:
    """Return the switch of a service before it begins."""
    running = main_process(service) is not None
    mark = switching(service.query.name)
    # After an interrupted run the service still runs with the state before that run.
    fixed = mark.read_text() if mark.exists() else _fixed(service, running=running)
    return Switch(service, running, fixed, record(service.query.name))


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


def load(switch: Switch) -> None:
    """Load the live set into a service, and wait until its sockets answer."""
    service = switch.service
    if switch.running:
        with new_workers(service):
            must("load", "systemctl", _verb(switch), service.unit)
    else:
        _start(service)
    wait_for_sockets(service.sockets, "load")


def _start(service: Service) -> None:
    if any(Path("/run/systemd/system", name).is_symlink() for name in service.masked):
        run("systemctl", "unmask", "--runtime", *service.masked)  # masked by an interrupted run
    if run("systemctl", "is-enabled", "--quiet", service.enabled).returncode:
        must("load", "systemctl", "enable", "--quiet", service.enabled)
    must("load", "systemctl", "restart", service.enabled)
    must("load", "systemctl", "start", service.unit)


def restart_before(switch: Switch) -> None:
    """Load the restored set into a service, or stop it if it did not run before."""
    service = switch.service
    if not switch.running:
        run("systemctl", "stop", service.unit)
        return
    with suppress(Refused), new_workers(service):
        run("systemctl", _verb(switch), service.unit)


@contextmanager
def new_workers(service: Service) -> Iterator[None]:
    """Wait for worker processes that have read the new set, if a service has workers."""
    before = workers(service) if service.workers else set()
    yield
    deadline = time.monotonic() + WORKER_SECONDS
    while service.workers and not workers(service) - before:
        if time.monotonic() > deadline:
            why = f"{service.unit} started no new workers within {WORKER_SECONDS:g} s"
            raise Refused("load", f"{why}, and still uses the old configuration")
        time.sleep(0.05)


def workers(service: Service) -> set[str]:
    """Return the process ids of the children of a service's main process."""
    main = main_process(service)
    return children(main.pid) if main else set()


def _verb(switch: Switch) -> str:
    if switch.fixed != _fixed(switch.service, running=switch.running):
        return "restart"
    unit = switch.service.unit
    able = run("systemctl", "show", "-p", "CanReload", "--value", unit).stdout
    return "reload" if able.strip() == "yes" else "restart"


def probe(service: Service) -> None:
    """Test a live service: its sockets, its process, its answers."""
    wait_for_sockets(service.sockets, "probe")
    if not main_process(service):
        raise Refused("probe", f"{service.unit} is not running after its start")
    for question in service.probes:
        dialogue.ask("probe", question)


def wait_for_sockets(sockets: Iterable[str], step: str) -> None:
    """Wait a few seconds until a process answers at each UNIX socket."""
    deadline = time.monotonic() + dialogue.SECONDS
    for path in sockets:
        while not _answered(path):
            if time.monotonic() > deadline:
                raise Refused(step, f"no process answers at the socket {path}")
            time.sleep(0.02)


def _answered(path: str) -> bool:
    # An earlier process may have left its socket behind.
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(dialogue.SECONDS)
        return not client.connect_ex(path)


def disable(name: str, unit: str) -> None:
    """Stop a service that is no longer needed; its files stay."""
    must("load", "systemctl", "disable", "--now", "--quiet", unit)
    note_configured(name)  # a host of an earlier version has no note yet
    forget(name)
