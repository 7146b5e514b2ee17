"""A lab's state directory: its seed, the operator's keys and the files of its hosts.

It is `$XDG_STATE_HOME/pyinfra-mail/LAB` (by default under `~/.local/state`), and private. All in it
follows from the seed, and is written anew wherever it differs.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import files
from .definition import Lab, LabHost
from .keys import Keys
from .machine import Machine


def directory(lab_name: str) -> Path:
    """Return the state directory of a lab."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "pyinfra-mail" / lab_name


def host_directory(lab: Lab, host: LabHost) -> Path:
    """Return the directory of the files that are mounted in a host."""
    return directory(lab.name) / "hosts" / host.name


def seed(lab: Lab) -> Path:
    """Return the file of the one secret that all keys follow from."""
    return directory(lab.name) / "seed"


def keys(lab: Lab) -> Keys:
    """Return the lab's keys; temporary ones while it has no seed."""
    path = seed(lab)
    return Keys(path.read_bytes() if path.exists() else secrets.token_bytes())


def sow(lab: Lab) -> None:
    """Write the lab's seed, and close its directory to other users."""
    directory(lab.name).mkdir(mode=0o700, parents=True, exist_ok=True)
    write(seed(lab), secrets.token_bytes())


def desired(lab: Lab, machine: Machine) -> Mapping[Path, str]:
    """Return every file of the state directory but the seed."""
    return dict(_desired(lab, keys(lab), machine))


def _desired(lab: Lab, lab_keys: Keys, machine: Machine) -> Iterator[tuple[Path, str]]:
    for name, text in files.of_operator(lab, lab_keys).items():
        yield directory(lab.name) / name, text
    for host in lab.hosts:
        for name, text in files.of_host(lab, host, lab_keys, machine).items():
            yield host_directory(lab, host) / name, text


def changes(wanted: Mapping[Path, str]) -> Mapping[Path, str]:
    """Return the files that differ from the desired ones."""
    return {
        path: text
        for path, text in wanted.items()
        if not path.is_file() or path.read_text() != text
    }


def write(path: Path, content: bytes) -> None:
    """Write a file as a whole, and its directory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(files.mode(path.name))
    new.write_bytes(content)
    new.rename(path)
