"""A command with a time limit, and one sentence for its failure."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
SECONDS = 900
COMPLAINT = re.compile(
    "error|fail|fatal|no answer|refused|unreachable|; write |; remove ", re.IGNORECASE
)


class BenchError(Exception):
    """A bench cannot measure; str() is the reason, in one sentence."""


def run(argv: Sequence[str], stdin: str = "", environment: Mapping[str, str] | None = None) -> str:
    """Run a command in the repository's root and return what it prints."""
    try:
        status, output, errors = _ended(argv, stdin, {**os.environ, **(environment or {})})
    except FileNotFoundError:
        raise BenchError(f"{argv[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{' '.join(argv[:4])} did not end within {SECONDS} s") from None
    if status:
        said = (output + errors).strip().splitlines()
        complaints = [line for line in said if COMPLAINT.search(line)] or said
        raise BenchError("\n".join((f"{' '.join(argv[:4])} failed:", *complaints[-15:])))
    return output


def _ended(argv: Sequence[str], stdin: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command; kill it and its children if it does not end in time."""
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        cwd=ROOT,
        process_group=0,
    ) as process:
        try:
            output, errors = process.communicate(stdin, timeout=SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output, errors
