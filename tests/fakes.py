"""Inventories of hosts that do not exist, and runs of pyinfra on them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from deploys.run.remote import BEGIN, END
from tests.host.found import bare

ROOT = Path(__file__).parents[1]
# What most runs of pyinfra import.
USED = (
    *("deploys.host.deploy", "deploys.zones.operations", "deploys.checks.operations"),
    *("deploys.api.check", "deploys.api.mistakes", "deploys.checks.mistakes"),
    *("deploys.api.init", "deploys.api.site", "deploys.zones.run"),
)


@dataclass
class Done:
    """What a run ended with; stderr is in the output."""

    returncode: int
    stdout: str


Run = Callable[..., Done]


class RunIn(Protocol):
    """Interface of a run of pyinfra in a folder."""

    def __call__(
        self,
        folder: Path,
        path: tuple[Path, ...],
        arguments: tuple[str, ...],
        environment: Mapping[str, str] = os.environ,
    ) -> Done:
        """Run it with a path for modules, unless that is the one of this program."""


@contextmanager
def forks(*modules: str) -> Iterator[RunIn]:
    """Yield runs of pyinfra by arguments, folder and path, which have these modules at once."""
    with subprocess.Popen(
        (sys.executable, "-m", "tests.forking", *modules),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin
        assert program.stdout
        wanted, told, turn = program.stdin, program.stdout, Lock()

        def run(
            folder: Path,
            path: tuple[Path, ...],
            arguments: tuple[str, ...],
            environment: Mapping[str, str] = os.environ,
        ) -> Done:
            request = [arguments, str(folder), [str(one) for one in path], dict(environment)]
            with turn:
                wanted.write(json.dumps(request) + "\n")
                wanted.flush()
                return Done(*json.loads(told.readline()))

        yield run
        wanted.close()


def written(folder: Path, found: dict[str, Any] | None = None, **hosts: dict[str, Any]) -> Path:
    """Write an inventory of fake mail hosts that answer with what is `found` on them."""
    answer = printed({"answer": found or asdict(bare("13"))})
    fake = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": {"python3": answer}}
    mail = [(f"@fake/{name}", fake | data) for name, data in hosts.items()]
    path = folder / "inventory.py"
    path.write_text(f"mail = {mail!r}\n")
    return path


def printed(answer: dict[str, Any]) -> str:
    """Return what a fake host prints for an answer of the agent."""
    return f"{BEGIN}\n{json.dumps(answer)}\n{END}"
