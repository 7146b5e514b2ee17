"""Services as systemd runs them: loaded anew, asked whether they serve, stopped, put right."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..system.processes import children, master_of
from ..system.shell import Refused, must, run
from ..wire import set_digest
from . import dialogue
from .loaded import LOADED, STATE, contents, owned

UNITS = "/etc/systemd/"
SUCCESSION = 30.0  # seconds, of which a whole rule set of rspamd takes a third


def note(service: dict[str, Any]) -> None:
    """Note whether a service runs, and with what that only a restart can change."""
    service["running"] = master_of(service) is not None
    mark = switching(service)
    # A run that was cut off has left what was loaded before it, whatever is on the disk.
    service["fixed"] = mark.read_text() if mark.exists() else _fixed(service)


def switching(service: dict[str, Any]) -> Path:
    """Return the mark that a switch was begun; it holds what only a restart can change."""
    return LOADED / f"{service['name']}.switching"


def _fixed(service: dict[str, Any]) -> str:
    """Return what a reload leaves as it is: addresses it listens on, files that are read once."""
    command = service["listening_command"]
    # Without a main.cf Postfix's tools sleep for a second before they say so.
    listening = run(*command).stdout if command and service["running"] else ""
    paths = {*owned(service["name"]), *(file["path"] for file in service["files"])}
    units = {path for path in paths if path.startswith(UNITS)}
    return listening + set_digest(contents(sorted({*service["restart_for"], *units})))


def reread(services: list[dict[str, Any]]) -> None:
    """Let systemd read its units again where a set holds some."""
    paths = [one for each in services for one in (*each["directories"], *each["before"]["owned"])]
    if any(path.startswith(UNITS) for path in paths):
        must("load", "systemctl", "daemon-reload")


def load(service: dict[str, Any]) -> None:
    """Let a service read what is now live, and wait until it serves those that come after it."""
    if service["running"]:
        with succession(service):
            must("load", "systemctl", _verb(service), service["unit"])
    else:
        _start(service)
    wait_for(service["sockets"], "load")


def _start(service: dict[str, Any]) -> None:
    if any(Path("/run/systemd/system", name).is_symlink() for name in service["masked"]):
        run("systemctl", "unmask", "--runtime", *service["masked"])  # what a killed run left
    if run("systemctl", "is-enabled", "--quiet", service["enabled"]).returncode:
        must("load", "systemctl", "enable", "--quiet", service["enabled"])
    must("load", "systemctl", "restart", service["enabled"])
    must("load", "systemctl", "start", service["unit"])


def put_right(service: dict[str, Any]) -> None:
    """Let a service run again what is live again, or not at all where it did not run before."""
    if not service["running"]:
        run("systemctl", "stop", service["unit"])
        return
    with suppress(Refused), succession(service):
        run("systemctl", _verb(service), service["unit"])


@contextmanager
def succession(service: dict[str, Any]) -> Iterator[None]:
    """Wait until workers that have read what is new are there, where a service has some."""
    before = children(service) if service["workers"] else set()
    yield
    deadline = time.monotonic() + SUCCESSION
    while service["workers"] and not children(service) - before:
        if time.monotonic() > deadline:
            raise Refused("load", f"{service['unit']} goes on with what it had read before")
        time.sleep(0.05)


def _verb(service: dict[str, Any]) -> str:
    if service["fixed"] != _fixed(service):
        return "restart"
    able = run("systemctl", "show", "-p", "CanReload", "--value", service["unit"]).stdout
    return "reload" if able.strip() == "yes" else "restart"


def probe(service: dict[str, Any]) -> None:
    """Ask a live service whether it serves."""
    wait_for(service["sockets"], "probe")
    if not master_of(service):
        raise Refused("probe", f"{service['unit']} is not running after its start")
    for question in service["probes"]:
        dialogue.hold("probe", question)


def wait_for(sockets: list[str], step: str) -> None:
    """Wait until somebody answers at UNIX sockets, a moment long."""
    deadline = time.monotonic() + dialogue.PATIENCE
    for path in sockets:
        while not _answered(path):
            if time.monotonic() > deadline:
                raise Refused(step, f"nobody answers at the socket {path}")
            time.sleep(0.02)


def _answered(path: str) -> bool:
    # Whoever listened there before may have left the socket behind, and nobody at it.
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(dialogue.PATIENCE)
        return not client.connect_ex(path)


def leave(name: str, unit: str) -> None:
    """Stop a service that is not needed any more; its files stay for whoever wants them."""
    must("load", "systemctl", "disable", "--now", "--quiet", unit)
    for kept in (STATE / f"{name}.json", LOADED / f"{name}.json"):
        kept.unlink(missing_ok=True)
