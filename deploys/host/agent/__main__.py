"""Entry point of the agent: one request on standard input, one line of JSON as its answer."""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..model.wire import WireError, decode, encode
from .system.shell import Refused

LOCK = Path("/run/pyinfra-mail.lock")
# Module and function of each verb; only that module is imported, which saves time.
VERBS = {
    "existing": (".existing", "existing"),
    "prepare": (".preparation", "prepare"),
    "certify": (".certification", "certify"),
    "apply": (".apply", "apply"),
    "rotate": (".apply", "rotate"),
    "preflight": (".services.preflight", "preflight"),
}
CHANGING = {"prepare", "certify", "apply", "rotate"}
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
        sys.stdout.write(encode(_answer(json.loads(text))) + "\n")
        sys.stdout.flush()


def _answer(message: Mapping[str, Any]) -> dict[str, Any]:
    verb = message["verb"]
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
