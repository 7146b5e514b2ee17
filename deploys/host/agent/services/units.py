"""Services as systemd runs them: loaded anew, asked whether they serve, stopped, put right."""

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
from .loaded import Record, files_digest, forget, record, switching

UNITS = "/etc/systemd/"
SUCCESSION = 30.0  # seconds, of which a whole rule set of rspamd takes a third


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
    """Return the switch of a service that is still to be made."""
    running = main_process(service) is not None
    mark = switching(service.query.name)
    # A run that was cut off has left what was loaded before it, whatever is on the disk.
    fixed = mark.read_text() if mark.exists() else _fixed(service, running=running)
    return Switch(service, running, fixed, record(service.query.name))


def main_process(service: Service) -> Process | None:
    """Return the main process of a service, if it runs."""
    if service.query.pid_file:
        return process(pid_in(service.query.pid_file))
    shown = run("systemctl", "show", "-p", "MainPID", "--value", service.unit).stdout
    return process(int(shown.strip() or 0))


def _fixed(service: Service, *, running: bool) -> str:
    """Return what a reload leaves as it is: addresses it listens on, files that are read once."""
    command = service.listening_command
    # Without a main.cf Postfix's tools sleep for a second before they say so.
    listening = run(*command).stdout if command and running else ""
    paths = {*record(service.query.name).owned, *(file.path for file in service.set)}
    units = {path for path in paths if path.startswith(UNITS)}
    return listening + files_digest(sorted({*service.restart_for, *units}))


def reread(switches: Iterable[Switch]) -> None:
    """Let systemd read its units again where a set holds some."""
    paths = [
        path for one in switches for path in (*one.service.query.directories, *one.before.owned)
    ]
    if any(path.startswith(UNITS) for path in paths):
        must("load", "systemctl", "daemon-reload")


def load(switch: Switch) -> None:
    """Let a service read what is now live, and wait until it serves those that come after it."""
    service = switch.service
    if switch.running:
        with succession(service):
            must("load", "systemctl", _verb(switch), service.unit)
    else:
        _start(service)
    wait_for(service.sockets, "load")


def _start(service: Service) -> None:
    if any(Path("/run/systemd/system", name).is_symlink() for name in service.masked):
        run("systemctl", "unmask", "--runtime", *service.masked)  # what a killed run left
    if run("systemctl", "is-enabled", "--quiet", service.enabled).returncode:
        must("load", "systemctl", "enable", "--quiet", service.enabled)
    must("load", "systemctl", "restart", service.enabled)
    must("load", "systemctl", "start", service.unit)


def put_right(switch: Switch) -> None:
    """Let a service run again what is live again, or not at all where it did not run before."""
    service = switch.service
    if not switch.running:
        run("systemctl", "stop", service.unit)
        return
    with suppress(Refused), succession(service):
        run("systemctl", _verb(switch), service.unit)


@contextmanager
def succession(service: Service) -> Iterator[None]:
    """Wait until workers that have read what is new are there, where a service has some."""
    before = workers(service) if service.workers else set()
    yield
    deadline = time.monotonic() + SUCCESSION
    while service.workers and not workers(service) - before:
        if time.monotonic() > deadline:
            raise Refused("load", f"{service.unit} goes on with what it had read before")
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
    """Ask a live service whether it serves."""
    wait_for(service.sockets, "probe")
    if not main_process(service):
        raise Refused("probe", f"{service.unit} is not running after its start")
    for question in service.probes:
        dialogue.hold("probe", question)


def wait_for(sockets: Iterable[str], step: str) -> None:
    """Wait until somebody answers at UNIX sockets, a moment long."""
    deadline = time.monotonic() + dialogue.PATIENCE
    for path in sockets:
        while not _answered(path):
            if time.monotonic() > deadline:
                raise Refused(step, f"nobody answers at the socket {path}")
            time.sleep(0.02)


def _answered(path: str) -> bool:
    # A process that listened there before may have left the socket behind.
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(dialogue.PATIENCE)
        return not client.connect_ex(path)


def leave(name: str, unit: str) -> None:
    """Stop a service that is not needed any more; its files stay."""
    must("load", "systemctl", "disable", "--now", "--quiet", unit)
    forget(name)
