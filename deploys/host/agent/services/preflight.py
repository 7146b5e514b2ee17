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
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ....mail import paths
from ...model.desired import Command, Dialogue, LogLine, Preflight, Service
from ...model.request import PlannedService, PreflightRequest
from ...model.wire import payload
from ..system.patience import Patience, bound, set_bound
from ..system.shell import Refused, must, reason, run, tail
from . import arrivals, dialogue
from .addresses import own_addresses, possible
from .stage import staged
from .units import wait_for_sockets

DIRECTORY = Path(paths.PREFLIGHT)
WAITS = 5  # each within the patience; the preflight itself ends what takes longer
LOG = Path("/dev/log")
NO_NAMESPACES = "namespaces cannot be used here (mail_preflight = False does without them)"
PASSWORD = secrets.token_hex(16)  # of every account, in the preflight
GRACE, LOOK = 3.0, 0.5  # seconds for answers after a complaint, and between two looks at the log
SHOWN = 3.0  # seconds until a mailbox shows what has arrived in its files
End = Callable[[], str]
SYSTEM = {"bin", "dev", "etc", "lib", "proc", "run", "sbin", "sys", "usr"}  # homes of daemons
COMPLAINT = re.compile(r"\b(warning|error|fatal|panic): |loops back to myself")
FATAL = re.compile(r"\b(fatal|panic): ")
# master(8) about a daemon that has logged the reason itself.
ECHO = re.compile(r"warning: (process \S+ pid \d+ exit status|\S+: bad command startup)")


def in_namespaces(services: tuple[PlannedService, ...]) -> None:
    """Run the preflight in new namespaces; raise Refused with its result."""
    bundle = sys.path[0]  # the agent itself, an open file that the child inherits
    program = __package__.rpartition(".")[0]
    start = f"import sys;sys.path.insert(0,{bundle!r});from {program}.__main__ import main;main()"
    argv = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    done = run(
        *argv,
        *(sys.executable, "-c", start),
        stdin=payload(_request(services)),
        timeout=WAITS * bound(),
        keep=(int(bundle.rpartition("/")[2]),),
    )
    if done.returncode:
        raise Refused("preflight", f"{NO_NAMESPACES}: {reason(done)}")
    refused = json.loads(done.stdout).get("refused")
    if refused:
        raise Refused(refused["step"], refused["why"])


def _request(services: Iterable[PlannedService]) -> PreflightRequest:
    """Return the request, with the dialogues that can be held at this host's addresses."""
    own = own_addresses()
    return PreflightRequest(tuple(_possible(one, own) for one in services), bound(), own)


def _possible(planned: PlannedService, own: Collection[str]) -> PlannedService:
    wanted = planned.service.preflight
    if not wanted:
        return planned
    dialogues = tuple(possible(wanted.dialogues, own))
    service = replace(planned.service, preflight=replace(wanted, dialogues=dialogues))
    return replace(planned, service=service)


def preflight(request: PreflightRequest) -> None:
    """Validate, start and ask every service; this runs inside the namespaces."""
    set_bound(request.patience)
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    must("preflight", "mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", str(DIRECTORY))
    services = request.services
    log = _Log([pattern for one in services for pattern in one.service.ignored])
    _network((*request.addresses, *_sources(services)))
    for one in services:
        _mount(one.service, changed=one.changed)
    for one in services:
        if one.changed:
            validate(one.service, one.service.query.directories[0])
    for one in services:
        if one.service.preflight:
            _start_and_ask(one.service, one.service.preflight, log)


def _sources(services: Iterable[PlannedService]) -> Iterator[str]:
    """Yield the addresses of outside senders."""
    for one in services:
        wanted = one.service.preflight
        yield from (each.source for each in wanted.dialogues if each.source) if wanted else ()


def _network(addresses: Iterable[str]) -> None:
    run("ip", "link", "set", "lo", "up")
    options = {address: "nodad" if ":" in address else "noprefixroute" for address in addresses}
    lines = (f"address add {address} dev lo {word}\n" for address, word in options.items())
    run("ip", "-force", "-batch", "-", stdin="".join(lines))


def _mount(service: Service, *, changed: bool) -> None:
    for directory in service.query.directories if changed else ():
        must("preflight", "mount", "--bind", str(staged(directory)), directory)
    for path in (*service.scratch, *_homes(service.users)):
        if not Path(path).is_dir():
            continue  # an own directory that does not exist
        like = Path(path).stat()
        options = f"mode={like.st_mode & 0o7777:o},uid={like.st_uid},gid={like.st_gid}"
        must("preflight", "mount", "-t", "tmpfs", "-o", options, "tmpfs", path)


def _homes(users: Collection[str]) -> list[str]:
    """Return the home directories of users, with mailboxes and forwards; a user may be missing."""
    homes = {user.pw_dir for user in pwd.getpwall() if user.pw_name in users}
    return sorted(home for home in homes if has_mail(home))


def has_mail(home: str) -> bool:
    """Tell whether a home can have mail: that of a daemon is a directory of the system."""
    top = Path(home).parts[1:2]
    return bool(top) and top[0] not in SYSTEM


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
            said = tail(complaint) or reason(done)
            # The output of a script names the problem itself.
            raise Refused("validate", said if argv[0] == "sh" else f"{' '.join(argv)}: {said}")


def unexpected(ignored: Iterable[str], text: str) -> str:
    """Return the lines of an output that are not known to be harmless."""
    lines = text.strip().splitlines()
    return "\n".join(line for line in lines if not any(re.search(p, line) for p in ignored))


def _start_and_ask(service: Service, wanted: Preflight, log: "_Log") -> None:
    for path in wanted.passwords:
        _replace_passwords(path)
    for path in wanted.mailboxes:
        if not Path(path).is_dir():
            raise Refused("preflight", f"the directory of mailboxes {path} does not exist; make it")
    for argv in wanted.start:
        done = run(*argv)
        if done.returncode:
            raise Refused("preflight", f"{' '.join(argv)}: {log.complaints() or reason(done)}")
    try:
        wait_for_sockets(service.query.sockets, "preflight")
        _ask(service, wanted, log.end(Patience()))
        log.require(wanted.log)
    except Refused as refused:
        complaints = log.complaints(patience=1)  # the answer may come before its log line
        raise Refused(
            "preflight", f"{complaints} ({refused})" if complaints else str(refused)
        ) from None
    if log.complaints():
        raise Refused("preflight", log.complaints())
    wait_for_sockets(wanted.sockets, "preflight")
    # A daemon that is called in vain may warn; one that cannot start ends.
    if wanted.sockets and (said := log.complaints(patience=1, of=FATAL)):
        raise Refused("preflight", said)


def _ask(service: Service, wanted: Preflight, end: End) -> None:
    """Hold all dialogues at once, run the commands, and wait for the messages."""
    deadline = time.monotonic() + dialogue.SECONDS  # of all: a server listens, or does not
    questions = [
        *(partial(_must, command) for command in wanted.commands),
        *(
            partial(dialogue.ask, "preflight", one, deadline, password=PASSWORD)
            for one in wanted.dialogues
        ),
    ]
    answered(questions, end, wanted.at_once)
    if wanted.arrivals:
        arrivals.require(wanted.arrivals, (*wanted.mailboxes, *_homes(service.users)), end)
    answered([partial(read, one) for one in wanted.reads], end)


def answered(
    questions: Sequence[Callable[[], None]], end: End, at_once: int = Preflight.at_once
) -> None:
    """
    Ask some questions at a time; raise the first refusal, in the order of the questions.

    `end` tells why the wait for answers has to end, or "" while it goes on.
    """
    refusals: dict[int, Exception] = {}
    numbers = iter(range(len(questions)))

    def work() -> None:
        for number in numbers:
            try:
                questions[number]()
            except Exception as error:  # noqa: BLE001 - raised below
                refusals[number] = error

    # A thread that waits for an answer must not keep the program from its end.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if why := end():
            refusals[len(questions)] = Refused("preflight", f"a question has no answer ({why})")
            break
        time.sleep(0.01)
    if refusals:
        raise refusals[min(refusals)]


def read(found: Dialogue) -> None:
    """Hold a dialogue with a mailbox, again while it does not show a message yet."""
    deadline = time.monotonic() + SHOWN
    while True:
        try:
            return dialogue.ask("preflight", found, deadline, password=PASSWORD)
        except Refused:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _must(command: Command) -> None:
    done = run(*command.argv, stdin=command.stdin)
    if done.returncode:
        raise Refused("preflight", f"{command.name}: {reason(done)}; {command.hint}")


def _replace_passwords(path: str) -> None:
    """Give every login of a passwd-file the password of the preflight, in its mount namespace."""
    like = Path(path).stat()
    copy = DIRECTORY / Path(path).name
    copy.touch(mode=0o600)
    copy.write_text(with_password(Path(path).read_text()))
    os.chown(copy, like.st_uid, like.st_gid)
    copy.chmod(like.st_mode & 0o7777)
    must("preflight", "mount", "--bind", str(copy), path)


def with_password(logins: str) -> str:
    """Return a passwd-file whose logins have the password of the preflight; it may have none."""
    fields = (line.split(":", 2) for line in logins.splitlines() if line)
    return "".join(
        ":".join((login, f"{{PLAIN}}{PASSWORD}", *rest)) + "\n" for login, _, *rest in fields
    )


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

    def complaints(self, patience: float = 0, of: re.Pattern[str] = COMPLAINT) -> str:
        """Return warnings and errors as one line; wait some seconds for the first."""
        deadline = time.monotonic() + patience
        found = self._found(of)
        while not found and time.monotonic() < deadline:
            time.sleep(0.05)
            found = self._found(of)
        return " / ".join(dict.fromkeys(found[:2]))

    def end(self, patience: Patience) -> End:
        """Return what tells why a wait has to end: a complaint, after a moment, or no patience."""
        looks = iter(range(round(GRACE / LOOK)))
        seen = [time.monotonic()]

        def why() -> str:
            if time.monotonic() - seen[0] > LOOK:
                seen[0] = time.monotonic()
                if self._found() and next(looks, None) is None:
                    return "the log has a complaint"
            return patience.end()

        return why

    def _found(self, of: re.Pattern[str] = COMPLAINT) -> list[str]:
        spoken = unexpected(self._ignored, "\n".join(self.lines)).splitlines()
        return [line for line in spoken if of.search(line) and not ECHO.search(line)]

    def require(self, wanted: Iterable[LogLine]) -> None:
        """Wait for every line, while a service shows signs of life."""
        patience = Patience()
        for line in wanted:
            while not any(re.search(line.pattern, logged) for logged in self.lines):
                if patience.end():
                    raise Refused("preflight", line.why)
                time.sleep(0.05)
