"""A program in a terminal: what it asks is read, and answers are typed."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

SECONDS = 60  # in which a question must come


class Terminal:
    """A run of pyinfra in a pseudo-terminal."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self._own, program = pty.openpty()
        self.shown = ""
        self._run = subprocess.Popen(
            (sys.executable, "-m", "pyinfra", *arguments),
            cwd=folder,
            env=os.environ | environment,
            stdin=program,
            stdout=program,
            stderr=program,
            start_new_session=True,
        )
        os.close(program)

    def answer(self, answers: Iterable[tuple[str, str]]) -> None:
        """Type each answer when its question is shown."""
        for question, answer in answers:
            before = self.shown.count(question)
            while self.shown.count(question) == before:
                assert self._read(), f"{question!r} was not asked:\n{self.shown}"
            os.write(self._own, f"{answer}\n".encode())

    def interrupt(self, question: str) -> None:
        """Press Ctrl-C at a question, again if it came before the program waited for an answer."""
        while f"{question}: " not in self.shown:
            assert self._read(), self.shown
        waits = True
        while waits:
            self._run.send_signal(signal.SIGINT)
            waits = not select.select([self._own], [], [], 2)[0]

    def end(self) -> int:
        """Return the exit status of the run."""
        while self._read():
            pass
        os.close(self._own)
        return self._run.wait(SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._own], [], [], SECONDS)
        try:
            data = os.read(self._own, 65536) if ready else b""
        except OSError:  # the program has ended
            data = b""
        self.shown += data.decode(errors="replace")
        return bool(data)
