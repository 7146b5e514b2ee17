"""What podman tells of a lab: containers, networks, images."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyinfra.api import FactBase

from .images import LABEL as IMAGE_LABEL

LAB = "pyinfra-mail.lab"  # the label by which a lab's own are told from all else
KEY = "pyinfra-mail.key"
NAME = "'{{.Names}}'"
TAG = "'{{.Repository}}:{{.Tag}}'"


@dataclass(frozen=True)
class Container:
    """A container that there is, with the key of the definition it was made from."""

    name: str
    key: str
    running: bool


class Containers(FactBase[dict[str, Container]]):
    """Returns the containers of a lab by name."""

    default = dict

    def command(self, lab: str) -> str:
        """List those that carry the lab's label, stopped ones too."""
        return f"podman ps --all --filter label={LAB}={lab} --format json"

    def process(self, output: list[str]) -> dict[str, Container]:
        """Read podman's JSON."""
        return {
            item["Names"][0]: Container(
                item["Names"][0], item["Labels"].get(KEY, ""), running=_runs(item)
            )
            for item in json.loads("\n".join(output))
        }


def _runs(item: dict[str, Any]) -> bool:
    """Podman goes on to say "running" of one that was killed together with its monitor."""
    try:
        mounts = Path(f"/proc/{item['Pid']}/mountinfo").read_text()
    except OSError:
        return False
    return item["State"] == "running" and item["Id"] in mounts


class Running(FactBase[set[str]]):
    """Returns the names of all containers that run on this machine, a lab's or not."""

    default = set

    def command(self) -> str:
        """List what runs."""
        return f"podman ps --format {NAME}"

    def process(self, output: list[str]) -> set[str]:
        """One is one line."""
        return set(output)


class Networks(FactBase[dict[str, set[str]]]):
    """Returns the networks of a lab: name and subnets."""

    default = dict

    def command(self, lab: str) -> str:
        """List those that carry the lab's label."""
        return f"podman network ls --filter label={LAB}={lab} --format json"

    def process(self, output: list[str]) -> dict[str, set[str]]:
        """Read podman's JSON."""
        return {
            item["name"]: {subnet["subnet"] for subnet in item["subnets"]}
            for item in json.loads("\n".join(output))
        }


class Images(FactBase[set[str]]):
    """Returns the tags of the lab's images that are in podman's storage."""

    default = set

    def command(self) -> str:
        """List those that carry the label of an image of a lab."""
        return f"podman images --filter label={IMAGE_LABEL} --format {TAG}"

    def process(self, output: list[str]) -> set[str]:
        """One is one line."""
        return set(output)


class ImagesInUse(Running):
    """Returns the tags of the images that any container was made from, stopped ones too."""

    def command(self) -> str:
        """List what there is."""
        return "podman ps --all --format '{{.Image}}'"


class Booting(FactBase[dict[str, str]]):
    """Returns the hosts of a lab that do not run as they should, and what systemd says of them."""

    default = dict

    def command(self, lab: str) -> str:
        """Ask them all at once."""
        ask = "echo {} $(podman exec {} systemctl is-system-running 2>/dev/null)"
        names = f"podman ps --filter label={LAB}={lab} --format {NAME}"
        return f"{names} | xargs -r -P 8 -I '{{}}' sh -c '{ask}'"

    def process(self, output: list[str]) -> dict[str, str]:
        """Leave out those that do."""
        states = (line.partition(" ") for line in output)
        return {name: state or "starting" for name, _, state in states if state != "running"}
