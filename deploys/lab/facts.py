"""Facts of a lab from podman: containers, networks, images."""

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
    """An existing container, with the key of the definition that it was made from."""

    name: str
    key: str
    running: bool


class Containers(FactBase[dict[str, Container]]):
    """Returns the containers of a lab by name."""

    default = dict

    def command(self, lab: str) -> str:
        """List containers with the lab's label, stopped ones too."""
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
    """Tell whether a container runs; podman still says "running" after its monitor was killed."""
    try:
        mounts = Path(f"/proc/{item['Pid']}/mountinfo").read_text()
    except OSError:
        return False
    return item["State"] == "running" and item["Id"] in mounts


class Running(FactBase[set[str]]):
    """Returns the names of all containers that run on this machine, a lab's or not."""

    default = set

    def command(self) -> str:
        """List running containers."""
        return f"podman ps --format {NAME}"

    def process(self, output: list[str]) -> set[str]:
        """Return the lines."""
        return set(output)


class Networks(FactBase[dict[str, set[str]]]):
    """Returns the networks of a lab: name and subnets."""

    default = dict

    def command(self, lab: str) -> str:
        """List networks with the lab's label."""
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
        """List images with the label of a lab's image."""
        return f"podman images --filter label={IMAGE_LABEL} --format {TAG}"

    def process(self, output: list[str]) -> set[str]:
        """Return the lines."""
        return set(output)


class ImagesInUse(Running):
    """Returns the tags of the images that any container was made from, stopped ones too."""

    def command(self) -> str:
        """List all containers."""
        return "podman ps --all --format '{{.Image}}'"


class Booting(FactBase[dict[str, str]]):
    """Returns the hosts of a lab that do not run properly, with the answer of systemd."""

    default = dict

    def command(self, lab: str) -> str:
        """Ask all hosts at once."""
        ask = "echo {} $(podman exec {} systemctl is-system-running 2>/dev/null)"
        names = f"podman ps --filter label={LAB}={lab} --format {NAME}"
        return f"{names} | xargs -r -P 8 -I '{{}}' sh -c '{ask}'"

    def process(self, output: list[str]) -> dict[str, str]:
        """Leave out hosts that run."""
        states = (line.partition(" ") for line in output)
        return {name: state or "starting" for name, _, state in states if state != "running"}
