"""Operations that make a lab's hosts and boot them, each of them existing, desired, changes."""

import time

from pyinfra import host
from pyinfra.api import operation

from ..run.threads import in_parallel
from . import facts, files, podman, state
from .definition import Lab
from .errors import LabError
from .machine import Machine
from .work import CORES, Commands, call, run

BOOT_SECONDS = 120
POLL_SECONDS = 0.1
BOOTED = {"running", "degraded"}


@operation()
def hosts_running(lab: Lab, machine: Machine) -> Commands:
    """
    Make each host of a lab that does not run as defined, and remove what is no part of it.

    + lab: lab whose hosts are to run
    + machine: machine it is on

    A host whose definition changed, or that stopped, is made anew and starts empty.
    """
    existing = host.get_fact(facts.Containers, lab=lab.name)
    desired = _desired(lab, machine)
    right = {item.name for item in desired if existing.get(item.name) == item.made}
    if right == set(existing) and len(right) == len(desired):
        host.noop(f"all {len(desired)} hosts run as defined")
        return

    stale = [name for name in existing if name not in right]
    if stale:
        yield call(podman.remove, stale)
    yield call(_run_all, [item.command for item in desired if item.name not in right])


def _desired(lab: Lab, machine: Machine) -> list[podman.Desired]:
    keys = state.keys(lab)
    return [
        podman.desired(lab, item, files.of_host(lab, item, keys, machine), machine)
        for item in lab.hosts
    ]


def _run_all(commands: list[tuple[str, ...]]) -> None:
    in_parallel(run, commands, CORES)


@operation()
def hosts_booted(lab: Lab) -> Commands:
    """
    Wait until systemd says of every host of a lab that it runs.

    + lab: lab whose hosts are to be ready

    Fails if one did not boot in time, or booted with failed units, and names them.
    """
    changes = host.get_fact(facts.Booting, lab=lab.name)
    if not changes:
        host.noop("every host is up")
        return

    yield call(_wait_for_all, sorted(changes))


def _wait_for_all(containers: list[str]) -> None:
    in_parallel(_wait_for, containers, len(containers))


def _wait_for(container: str) -> None:
    """Ask until there is an answer: early in its boot, systemd cannot be asked yet."""
    end = time.monotonic() + BOOT_SECONDS
    answer = ""
    while answer not in BOOTED and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
        answer = run(
            (*_systemctl(container), "is-system-running", "--wait"), BOOT_SECONDS, check=False
        )
    if answer != "running":
        failed = run((*_systemctl(container), "--failed", "--plain", "--no-legend"), check=False)
        raise LabError(f"{container} did not boot as it should: {answer} {failed}")


def _systemctl(container: str) -> tuple[str, ...]:
    return ("podman", "exec", container, "systemctl")
