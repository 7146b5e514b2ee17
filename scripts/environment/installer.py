"""
pip in a virtual environment: pins of lock files, as wheels, and one sentence for each failure.

It imports the standard library only, as it runs before any package is installed.
"""

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .locks import Pin, lock

# Pure Python, and published without a wheel. Everything else comes as a wheel, so that no machine
# needs a compiler.
SOURCES = ("authres", "dkimpy", "pyspf", "sslyze")
BUILD = "locks/build.lock"  # builds those
# A network that does not answer ends pip after a minute, unless the operator says otherwise.
PATIENCE = {"PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "20"}
_AGAIN = "then run scripts/setup again"
_UNREACHABLE = re.compile(
    r"Retry\(total=0|Max retries exceeded|NewConnectionError|ConnectionError|timed out"
    r"|name resolution|ProtocolError|SSLError"
)
_DIFFERENT = re.compile(r"DO NOT MATCH THE HASHES.*?\n +(\S+) from", re.DOTALL)
_NOWHERE = re.compile(r"No matching distribution found for ([^\s;(]+)")
_UNBUILT = re.compile(r"(?:Failed building wheel for|Failed to build) '?([\w.-]+)")


class SetupError(Exception):
    """The environment cannot be made; str() is the reason, in one sentence."""


@contextmanager
def step(sentence: str) -> Iterator[None]:
    """Print the sentence of a step, and at its end its seconds."""
    began = time.monotonic()
    print(f"\n==> {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - output of a program
    yield
    print(f"    {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)  # noqa: T201


class Installer:
    """Changes the packages of the virtual environment of a clone."""

    def __init__(self, root: Path, environment: Path) -> None:
        self._root = root
        self._python = environment / "bin/python"
        self._packages = next((environment / "lib").glob("python3*/site-packages"))

    def has(self, pin: Pin) -> bool:
        """Return whether this version is installed."""
        found = {_plain(path.stem) for path in self._packages.glob("*.dist-info")}
        return _plain(f"{pin.name}-{pin.version}") in found

    def install(self, pins: Sequence[Pin]) -> None:
        """Install versions, no others, and nothing that they depend on."""
        if any(pin.name in SOURCES for pin in pins):
            tools = [pin for pin in lock(self._root, BUILD).pins if not self.has(pin)]
            if tools:
                self._install(tools)
        self._install(pins)

    def _install(self, pins: Sequence[Pin]) -> None:
        with TemporaryDirectory() as folder:
            wanted = Path(folder, "wanted.txt")
            wanted.write_text("".join(f"{pin.line}\n" for pin in pins))
            wheels = ("--only-binary", ":all:", "--no-binary", ",".join(SOURCES))
            self._pip(
                (
                    *("install", "--require-hashes", "--no-deps", "--no-compile", *wheels),
                    *("--use-pep517", "--no-build-isolation", "--progress-bar", "off"),
                    *("--requirement", str(wanted)),
                ),
                len(pins),
            )

    def remove(self, names: Sequence[str]) -> None:
        """Remove packages."""
        self._pip(("uninstall", "--yes", *names), len(names))

    def _pip(self, arguments: Sequence[str], count: int) -> None:
        command = (self._python, "-m", "pip", "--disable-pip-version-check", "--no-input")
        with subprocess.Popen(
            (*command, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=PATIENCE | os.environ,
        ) as pip:
            assert pip.stdout  # noqa: S101 - for mypy: it is a pipe
            said = "".join(_followed(pip.stdout, count))
        if pip.returncode:
            version = self._packages.parent.name.removeprefix("python")
            raise SetupError(_reason(said, f"Python {version} on {platform.machine()}"))


def _followed(lines: Iterator[str], count: int) -> Iterator[str]:
    """Yield pip's lines, and show on a terminal how far it is."""
    shown, done = sys.stderr.isatty(), 0
    for line in lines:
        yield line
        if shown and line.startswith(("Collecting ", "Installing ", "Found existing")):
            done += line.startswith("Collecting ")
            sys.stderr.write(f"\r\x1b[K    {done} of {count}: {line.split('==')[0].strip()[:50]}")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\x1b[K")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _reason(said: str, machine: str) -> str:
    """Return one sentence for pip's failure."""
    if found := _DIFFERENT.search(said):
        return (
            f"the package index has another file of {found[1]} than the lock file: restore that "
            "with `git checkout requirements.lock locks`, or look at the index in `pip config list`"
        )
    if "No space left on device" in said:
        return f"the disk is full: make room for .venv, {_AGAIN}"
    if _UNREACHABLE.search(said):
        return (
            "the package index does not answer: connect this machine to the network, or set "
            f"PIP_INDEX_URL to an index that it reaches, {_AGAIN}"
        )
    if found := _NOWHERE.search(said):
        return (
            f"{found[1]} has no wheel for {machine}: use Python 3.11 to 3.13 on x86_64 or "
            f"aarch64, {_AGAIN}"
        )
    if found := _UNBUILT.search(said):
        return (
            f"{found[1]} cannot be built with {machine}: use a Python from 3.11 to 3.13, {_AGAIN}"
        )
    lines = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()
    return f"pip failed: {(lines or ['it says nothing'])[-1].removeprefix('ERROR: ')}"
