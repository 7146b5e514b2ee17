"""
Desired network and containers of a lab, and the podman commands that make them.

The failure of a command is one line.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from pyinfra import logger
from pyinfra.api import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.state import State

from . import state
from .definition import Lab, LabError, LabHost
from .facts import KEY, LAB, Container
from .images import Image
from .machine import Machine

CORES = os.cpu_count() or 1
RESTRICTED_LIMIT = 4096  # open files and processes, where a container may not raise them
# Namespaces of its own, and the names of processes that hold a port, as on a real host.
CAPABILITIES = "SYS_ADMIN,NET_ADMIN,SYS_PTRACE"


def run(command: Sequence[str], seconds: float = 900, *, check: bool = True) -> str:
    """Return what a command prints; raise LabError with its last line if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f"{_brief(command)} did not end within {seconds:g} s") from None
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed: install it, or use scripts/demo") from None
    if check and done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise LabError(f"{_brief(command)} failed: {lines[-1]}")
    return done.stdout.strip()


def _brief(command: Sequence[str]) -> str:
    return " ".join(command[:3])


def call(function: Callable[..., object], *args: object) -> FunctionCommand:
    """Have pyinfra call a function, and print its LabError as one line without a traceback."""

    def attempt(state: State, host: Host) -> bool:  # noqa: ARG001
        try:
            function(*args)
        except LabError as error:
            logger.error("%s%s", host.print_prefix, error)
            return False
        return True

    return FunctionCommand(attempt, (), {})


def create_network(lab: Lab) -> tuple[str, ...]:
    """Return the command that makes a lab's network."""
    subnets = (f"--subnet={network}" for network in (lab.network4, lab.network6))
    options = ("--ipv6", "--disable-dns", f"--label={LAB}={lab.name}")
    return ("podman", "network", "create", *options, *subnets, lab.full_name)


def remove(containers: Collection[str]) -> None:
    """Remove containers in any state; raise LabError with podman's message if one stays."""
    command = ("podman", "rm", "--force", "--ignore", "--time", "0", *containers)
    run(command, check=False)  # of one that was killed with its monitor, podman but learns here
    run(command)


def subnets(lab: Lab) -> set[str]:
    """Return the desired network in the form of the fact."""
    return {str(lab.network4), str(lab.network6)}


@dataclass(frozen=True)
class Desired:
    """A desired container: the key of its definition, and the command that makes it."""

    name: str
    key: str
    command: tuple[str, ...]

    @property
    def made(self) -> Container:
        """Return the container in the form of the fact."""
        return Container(self.name, self.key, running=True)


def desired(lab: Lab, host: LabHost, files: Mapping[str, str], machine: Machine) -> Desired:
    """Return the desired container of a host."""
    options = (*_options(lab, host, machine), *_volumes(lab, host, files))
    image = Image(host.role, host.suite).tag
    definition = json.dumps([options, image, sorted(files.items())])
    key = hashlib.sha256(definition.encode()).hexdigest()[:16]
    runtime = ("--runtime=runc",) if machine.restricted else ()
    command = ("podman", *runtime, "run", *options, f"--label={KEY}={key}", image)
    return Desired(lab.container(host), key, command)


def _options(lab: Lab, host: LabHost, machine: Machine) -> tuple[str, ...]:
    limits = (f"--ulimit={name}={RESTRICTED_LIMIT}" for name in ("nofile", "nproc"))
    # One that follows from the address: neighbours who remember it still reach a host made anew.
    mac = "02:00:" + lab.address4(host).packed.hex(":")
    network = ",".join((*(f"ip={address}" for address in lab.addresses(host)), f"mac={mac}"))
    return (
        "--detach",
        "--systemd=always",
        f"--cap-add={CAPABILITIES}",
        "--security-opt=apparmor=unconfined",  # its profile forbids every mount
        *(limits if machine.restricted else ()),
        f"--name={lab.container(host)}",
        f"--hostname={host.hostname.partition('.')[0]}",
        f"--network={lab.full_name}:{network}",
        f"--dns={lab.address4(lab.only('resolver'))}",
        "--dns-search=.",
        *(("--dns-option=trust-ad",) if host.role == "peer" else ()),
        "--no-hosts",
        f"--label={LAB}={lab.name}",
    )


def _volumes(lab: Lab, host: LabHost, files: Mapping[str, str]) -> tuple[str, ...]:
    source = state.host_directory(lab, host)
    return tuple(f"--volume={source / path}:/{path}:ro" for path in sorted(files))
