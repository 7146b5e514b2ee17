"""Entry point of the agent: one request on standard input, one line of JSON as its answer."""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import signal
import sys
import syslog
import time
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..model.wire import WireError, decode, encode
from .system.shell import Refused

LOCK = Path("/run/pyinfra-mail.lock")
HERE = f"{Path(__file__).parent}/"
# Module and function of each verb; only that module is imported, which saves time.
VERBS = {
    "existing": (".existing", "existing"),
    "prepare": (".preparation", "prepare"),
    "challenge": (".certification", "challenge"),
    "certify": (".certification", "certify"),
    "apply": (".apply", "apply"),
    "rotate": (".apply", "rotate"),
    "preflight": (".services.preflight", "preflight"),
}
JOURNAL = "pyinfra-mail"  # identifier of the agent's entries in the host's journal
CHANGING = {"prepare", "challenge", "certify", "apply", "rotate"}
# Seconds to wait for another request, which may still install packages for an interrupted run.
READ_SECONDS, CHANGE_SECONDS = 20, 100


def main() -> None:
    """Answer the request on standard input."""
    # A lost connection must not interrupt a change.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    digest, text = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        sys.exit("the request arrived incomplete, and nothing was changed; run again")
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(encode(answer(json.loads(text))) + "\n")
        sys.stdout.flush()


def answer(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request, or the step that was refused and the reason."""
    verb = message["verb"]
    if os.geteuid():
        user = pwd.getpwuid(os.geteuid()).pw_name
        why = f"{user} is not root: write _sudo = True in group_data, or log in as root"
        return {"refused": {"step": "login", "why": why}}
    try:
        with _locked(verb):
            module, name = VERBS[verb]
            function = getattr(import_module(module, __package__), name)
            return {
                "answer": function(decode(function.__annotations__["request"], message["request"]))
            }
    except Refused as refused:
        return {"refused": {"step": refused.step, "why": str(refused)}}
    except WireError as error:
        return {"refused": {"step": verb, "why": f"the request is not valid: {error}"}}
    except OSError as error:
        return {"refused": {"step": verb, "why": f"a system call failed: {error}"}}
    except Exception as error:  # noqa: BLE001 - one sentence, as for every other failure
        return {"refused": {"step": verb, "why": _own_error(error)}}


def _own_error(error: Exception) -> str:
    """Write the traceback of an error of ours to the journal; return its place as a sentence."""
    # Without the text of the error, which may quote a secret.
    frames = traceback.extract_tb(error.__traceback__)
    kind = type(error).__name__
    syslog.openlog(JOURNAL)
    for line in "".join((*frames.format(), kind)).splitlines():
        syslog.syslog(syslog.LOG_ERR, line)
    ours = [frame for frame in frames if frame.filename.startswith(HERE)][-1]
    where = f"{ours.filename.removeprefix(HERE)} line {ours.lineno}"
    return (
        f"pyinfra-mail itself has an error, {kind} in {where}; report it, with the traceback that "
        f"`journalctl -t {JOURNAL}` shows on the host"
    )


@contextlib.contextmanager
def _locked(verb: str) -> Iterator[None]:
    """Hold the host's lock: alone for a change, with other readers for a report."""
    if verb == "preflight":  # its caller holds the lock
        yield
        return
    with os.fdopen(os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)) as lock:
        changing = verb in CHANGING
        kind, seconds = (
            (fcntl.LOCK_EX, CHANGE_SECONDS) if changing else (fcntl.LOCK_SH, READ_SECONDS)
        )
        # A report is made without the lock too: a run that hangs must not hide the host's state.
        if not _acquired(lock.fileno(), kind, seconds) and changing:
            raise Refused(
                "lock", "another run is changing this host; wait for its end, then run again"
            )
        yield


def _acquired(descriptor: int, kind: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False
