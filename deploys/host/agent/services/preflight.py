"""
The preflight: the staged set, unmodified, is started in namespaces and asked over SMTP.

The network has only a loopback, which also has the host's addresses, so no mail can leave and ports
need no change. Mounts put the staged set in the place of the live one, an empty queue over the
queue, and a socket of the preflight over the log's. When the process in the namespaces ends, the
kernel ends all of its services.
"""

import json
import os
import pwd
import re
import socket
import sys
import threading
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from ....mail import paths
from ...model.desired import Preflight, Service
from ...model.request import PlannedService, PreflightRequest
from ...model.wire import payload
from ..system.shell import Refused, must, run, tail
from . import dialogue
from .stage import staged
from .units import wait_for_sockets

DIRECTORY = Path(paths.PREFLIGHT)
LOG = Path("/dev/log")
NO_NAMESPACES = "namespaces cannot be used here (mail_preflight = False does without them)"
COMPLAINT = re.compile(r"\b(warning|error|fatal|panic): ")
# master(8) about a daemon that has logged the reason itself.
ECHO = re.compile(r"warning: (process \S+ pid \d+ exit status|\S+: bad command startup)")


def in_namespaces(services: tuple[PlannedService, ...], patience: float = 60) -> None:
    """Run the preflight in new namespaces; raise Refused with its result."""
    bundle = sys.path[0]  # the agent itself, an open file that the child inherits
    program = __package__.rpartition(".")[0]
    start = f"import sys;sys.path.insert(0,{bundle!r});from {program}.__main__ import main;main()"
    argv = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    done = run(
        *argv,
        *(sys.executable, "-c", start),
        stdin=payload(PreflightRequest(services)),
        timeout=patience,
        keep=(int(bundle.rpartition("/")[2]),),
    )
    if done.returncode:
        raise Refused("preflight", f"{NO_NAMESPACES}: {tail(done.stderr)}")
    refused = json.loads(done.stdout).get("refused")
    if refused:
        raise Refused(refused["step"], refused["why"])


def preflight(request: PreflightRequest) -> None:
    """Validate, start and ask every service; this runs inside the namespaces."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    must("preflight", "mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", str(DIRECTORY))
    services = request.services
    log = _Log([pattern for one in services for pattern in one.service.ignored])
    _network([address for one in services for address in one.service.addresses])
    for one in services:
        _mount(one.service, changed=one.changed)
    for one in services:
        if one.changed:
            validate(one.service, one.service.query.directories[0])
    for one in services:
        if one.service.preflight:
            _start_and_ask(one.service, one.service.preflight, log)


def _network(addresses: list[str]) -> None:
    run("ip", "link", "set", "lo", "up")
    for address in addresses:
        at_once = "nodad" if ":" in address else "noprefixroute"
        run("ip", "address", "add", address, "dev", "lo", at_once)


def _mount(service: Service, *, changed: bool) -> None:
    for directory in service.query.directories if changed else ():
        must("preflight", "mount", "--bind", str(staged(directory)), directory)
    for path in (*service.scratch, *_homes(service.users)):
        like = Path(path).stat()
        options = f"mode={like.st_mode & 0o7777:o},uid={like.st_uid},gid={like.st_gid}"
        must("preflight", "mount", "-t", "tmpfs", "-o", options, "tmpfs", path)


def _homes(users: Collection[str]) -> list[str]:
    """Return the home directories of users, with mailboxes and forwards; a user may be missing."""
    return [user.pw_dir for user in pwd.getpwall() if user.pw_name in users]


def validate(service: Service, directory: str) -> None:
    """Let the service's own tools read a set; any output of theirs refuses it."""
    for path in service.executables:
        if not os.access(path, os.X_OK):
            raise Refused(
                "validate", f"{service.query.name} uses the program {path}, which does not exist"
            )
    for template in service.validators:
        argv = [word.format(directory=directory) for word in template]
        done = run(*argv)
        complaint = unexpected(service.ignored, done.stderr)
        if done.returncode or complaint:
            said = tail(complaint or done.stdout)
            # The output of a script names the problem itself.
            raise Refused("validate", said if argv[0] == "sh" else f"{' '.join(argv)}: {said}")


def unexpected(ignored: Iterable[str], text: str) -> str:
    """Return the lines of an output that are not known to be harmless."""
    lines = text.strip().splitlines()
    return "\n".join(line for line in lines if not any(re.search(p, line) for p in ignored))


def _start_and_ask(service: Service, wanted: Preflight, log: "_Log") -> None:
    for argv in wanted.start:
        done = run(*argv)
        if done.returncode:
            raise Refused("preflight", f"{' '.join(argv)}: {log.complaints() or tail(done.stderr)}")
    try:
        wait_for_sockets(service.sockets, "preflight")
        for question in wanted.dialogues:
            dialogue.ask("preflight", question)
        log.require(wanted.log)
    except Refused as refused:
        complaints = log.complaints(patience=1)  # the answer may come before its log line
        raise Refused(
            "preflight", f"{complaints} ({refused})" if complaints else str(refused)
        ) from None
    if log.complaints():
        raise Refused("preflight", log.complaints())


class _Log:
    """Log lines of the preflight, caught before they reach the host's journal."""

    def __init__(self, ignored: Iterable[str]) -> None:
        self.lines: list[str] = []
        self._ignored = ignored
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = DIRECTORY / "log"
        self._socket.bind(str(path))
        path.chmod(0o666)
        DIRECTORY.chmod(0o755)
        if LOG.exists():
            must("preflight", "mount", "--bind", str(path), str(LOG.resolve()))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            line = self._socket.recv(65536).decode("utf-8", "replace")
            self.lines.append(re.sub(r"^<\d+>\w+ +\d+ [\d:]+ ", "", line).strip("\0\n"))

    def complaints(self, patience: float = 0) -> str:
        """Return warnings and errors as one line; wait some seconds for the first."""
        deadline = time.monotonic() + patience
        found = self._found()
        while not found and time.monotonic() < deadline:
            time.sleep(0.05)
            found = self._found()
        return " / ".join(dict.fromkeys(found[:2]))

    def _found(self) -> list[str]:
        spoken = unexpected(self._ignored, "\n".join(self.lines)).splitlines()
        return [line for line in spoken if COMPLAINT.search(line) and not ECHO.search(line)]

    def require(self, patterns: Collection[str]) -> None:
        """Wait a few seconds for a line of each pattern."""
        deadline = time.monotonic() + dialogue.SECONDS
        missing = list(patterns)
        while missing and time.monotonic() < deadline:
            time.sleep(0.05)
            missing = [p for p in patterns if not any(re.search(p, line) for line in self.lines)]
        if missing:
            ending = " / ".join(self.lines[-3:])
            raise Refused(
                "preflight", f"the log has no line with {missing[0]!r}; it ends: {ending}"
            )
