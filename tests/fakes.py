"""Inventories of hosts that do not exist, and runs of pyinfra on them."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.host.found import bare


@dataclass
class Done:
    """What a run ended with; stderr is in the output."""

    returncode: int
    stdout: str


Run = Callable[..., Done]


def written(folder: Path, found: dict[str, Any] | None = None, **hosts: dict[str, Any]) -> Path:
    """Write an inventory of fake mail hosts that answer with what is `found` on them."""
    answer = json.dumps({"answer": found or asdict(bare("13"))})
    fake = {"fake_delay": 0, "fake_delay_jitter": 0, "fake_responses": {"python3": answer}}
    mail = [(f"@fake/{name}", fake | data) for name, data in hosts.items()]
    path = folder / "inventory.py"
    path.write_text(f"mail = {mail!r}\n")
    return path
