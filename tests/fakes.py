"""Inventories of hosts that do not exist, and runs of pyinfra on them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.host.found import bare

ROOT = Path(__file__).parents[1]


@dataclass
class Done:
    """What a run ended with; stderr is in the output."""

    returncode: int
    stdout: str


Run = Callable[..., Done]
RunIn = Callable[[Path, tuple[Path, ...], tuple[str, ...]], Done]


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
        wanted, told = program.stdin, program.stdout

        def run(folder: Path, path: tuple[Path, ...], arguments: tuple[str, ...]) -> Done:
            wanted.write(json.dumps([arguments, str(folder), [str(one) for one in path]]) + "\n")
            wanted.flush()
            return Done(*json.loads(told.readline()))

        yield run
        wanted.close()


def written(folder: Path, found: dict[str, Any] | None = None, **hosts: dict[str, Any]) -> Path:
    """Write an inventory of fake mail hosts that answer with what is `found` on them."""
    answer = json.dumps({"answer": found or asdict(bare("13"))})
    fake = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": {"python3": answer}}
    mail = [(f"@fake/{name}", fake | data) for name, data in hosts.items()]
    path = folder / "inventory.py"
    path.write_text(f"mail = {mail!r}\n")
    return path
