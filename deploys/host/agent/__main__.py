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
# Module and function of each verb; only that module is imported, as hosts may share a machine.
VERBS = {
    "existing": (".existing", "existing"),
    "prepare": (".preparation", "prepare"),
    "certify": (".certification", "certify"),
    "apply": (".apply", "apply"),
    "rotate": (".apply", "rotate"),
    "preflight": (".services.preflight", "preflight"),
}
CHANGING = {"prepare", "certify", "apply", "rotate"}
# Seconds: a run that was cut off goes on here to its end, be it an installation.
PATIENCE = {"look": 20, "change": 100}


def main() -> None:
    """Answer the request on standard input."""
    # A lost connection must not stop half-way what has begun.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    digest, text = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        sys.exit("the request was cut off on its way; nothing was begun")
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(encode(_answer(json.loads(text))) + "\n")
        sys.stdout.flush()


def _answer(message: Mapping[str, Any]) -> dict[str, Any]:
    verb = message["verb"]
    try:
        with _alone(verb):
            module, name = VERBS[verb]
            function = getattr(import_module(module, __package__), name)
            return {
                "answer": function(decode(function.__annotations__["request"], message["request"]))
            }
    except Refused as refused:
        return {"refused": {"step": refused.step, "why": str(refused)}}
    except WireError as error:
        return {"refused": {"step": verb, "why": f"the request does not fit: {error}"}}
    except OSError as error:
        return {"refused": {"step": verb, "why": f"the system said: {error}"}}


@contextlib.contextmanager
def _alone(verb: str) -> Iterator[None]:
    """Change a host alone; look at it when nobody is changing it, for a while at least."""
    if verb == "preflight":  # its caller holds the lock
        yield
        return
    with os.fdopen(os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)) as lock:
        changing = verb in CHANGING
        kind = (fcntl.LOCK_EX, "change") if changing else (fcntl.LOCK_SH, "look")
        mine = _locked(lock.fileno(), *kind)
        if changing and not mine:
            raise Refused("lock", "another run is changing this host; run again after it")
        yield


def _locked(descriptor: int, kind: int, purpose: str) -> bool:
    deadline = time.monotonic() + PATIENCE[purpose]
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False
