"""Commands of the host, and the error that ends a request."""

import os
import subprocess
from collections.abc import Mapping

from .patience import bound


class Refused(Exception):
    """A step refuses to go on; the text gives the reason and, if there is one, the fix."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step = step


ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
}


def run(
    *argv: str,
    stdin: str = "",
    timeout: float | None = None,
    keep: tuple[int, ...] = (),
    extra: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command and return it with its output; raise Refused after the patience ends."""
    seconds = timeout or bound()
    try:
        return subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            env={**ENVIRONMENT, **(extra or {})},
            timeout=seconds,
            check=False,
            cwd="/",
            pass_fds=keep,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(argv, 127, "", f"{argv[0]} is not installed")
    except subprocess.TimeoutExpired:
        raise Refused(argv[0], f"{' '.join(argv)} did not finish within {seconds:.0f} s") from None


def must(step: str, *argv: str, stdin: str = "", timeout: float | None = None) -> str:
    """Run a command and return its standard output; raise Refused if it fails."""
    done = run(*argv, stdin=stdin, timeout=timeout)
    if done.returncode:
        raise Refused(step, f"{' '.join(argv)}: {reason(done)}")
    return done.stdout


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return why a command has failed: its last words, or its status if it said nothing."""
    said = done.stderr if done.stderr.strip() else done.stdout
    return tail(said) or f"it ended with status {done.returncode} and said nothing"


def tail(text: str, lines: int = 6) -> str:
    """Return the last lines of an output as one line."""
    return " / ".join(line.strip() for line in text.strip().splitlines()[-lines:])


def fsync(path: str) -> None:
    """Write a file or a directory through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
