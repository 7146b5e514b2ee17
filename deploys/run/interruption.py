"""Interrupt (Ctrl-C) of a run: a sentence, and exit status 130, as shells have it for SIGINT."""

import os
import signal
import sys
from types import FrameType

STATUS = 128 + signal.SIGINT


def on_interrupt(sentence: str) -> None:
    """
    Have an interrupt end this process at once, with a sentence that says what it leaves behind.

    Threads may wait for servers, and Python would wait for the threads. Connections end with the
    process; an agent that changes a host completes the change.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        sys.stderr.write(f"\n--> Interrupted: {sentence}\n")
        sys.stderr.flush()
        os._exit(STATUS)

    signal.signal(signal.SIGINT, end)
