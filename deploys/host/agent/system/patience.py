"""
Patience: a wait lasts while processes show signs of life, and at most as long as the operator says.

A slow host is no broken one, so no constant can tell how long a start takes. A process shows a sign
of life if it has used the CPU since the last look, if it runs or waits for a disk, if it starts or
ends.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .processes import PROC, unit_of

SILENCE = 20.0  # seconds without a sign of life
LOOK = 0.5  # seconds between two looks
BUSY = {"R", "D"}  # states in proc(5): running, waiting for a disk

_bound = 60.0


def set_bound(seconds: float) -> None:
    """Set the longest wait of this program (mail_patience)."""
    global _bound  # noqa: PLW0603 - one program serves one request
    _bound = seconds


def bound() -> float:
    """Return the longest wait in seconds."""
    return _bound


class Patience:
    """One wait for the processes of a unit, or for all processes but this one."""

    def __init__(self, unit: str = "") -> None:
        self._unit = unit
        self._begin = self._looked = self._sign = time.monotonic()
        self._seen = _used(unit)

    def end(self) -> str:
        """Return why the wait has to end; "" while it goes on."""
        now = time.monotonic()
        if now - self._looked >= min(LOOK, SILENCE / 2):
            self._looked, found = now, _used(self._unit)
            if found != self._seen or BUSY & {state for state, _ in found.values()}:
                self._sign = now
            self._seen = found
        if now - self._begin > _bound:
            return f"waited {_bound:g} s (mail_patience)"
        return f"no sign of life for {SILENCE:g} s" if now - self._sign > SILENCE else ""


@contextmanager
def watched(patience: Patience) -> Iterator[None]:
    """Interrupt with TimeoutError what a block waits for when the patience ends (PEP 475)."""
    if threading.current_thread() is not threading.main_thread():  # signals arrive there only
        yield
        return

    def look(*_: object) -> None:
        if why := patience.end():
            raise TimeoutError(why)

    before = signal.signal(signal.SIGALRM, look)
    pause = min(LOOK, SILENCE / 2)
    signal.setitimer(signal.ITIMER_REAL, pause, pause)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _used(unit: str) -> Mapping[int, tuple[str, int]]:
    """Return the state of each process, and the CPU time that it and its children have used."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        pid = int(folder.name)
        if pid == os.getpid() or (unit and unit_of(pid) != unit):
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        found[pid] = (fields[0], sum(map(int, fields[11:15])))
    return found
