"""Operations of a lab: network and images, hosts, and their removal."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pyinfra import host
from pyinfra.api import StringCommand, operation
from pyinfra.facts.server import Sysctl

from ..run.remote import Commands
from ..run.threads import in_parallel
from . import facts, files, podman, state
from .definition import Lab, LabError
from .images import LABEL as IMAGE_LABEL
from .images import Image, Mirrors
from .machine import Machine
from .podman import CORES, call, run

INOTIFY = "fs.inotify.max_user_instances"
INOTIFY_PER_HOST = 8  # systemd takes 5 or 6, and the machine has a few of its own
INOTIFY_PLENTY = 1024
BOOT_SECONDS = 120
POLL_SECONDS = 0.1
BOOTED = {"running", "degraded"}


@operation()
def inotify_limit_raised(lab: Lab) -> Commands:
    """
    Raise the kernel's limit of inotify instances if it is too low for so many systemds.

    + lab: lab whose hosts are to boot, next to all containers that run already

    It stays as it is until the machine starts again, as other containers may have come to need it.
    """
    running = host.get_fact(facts.Running)
    desired = INOTIFY_PER_HOST * len(running.union(map(lab.container, lab.hosts)))
    existing = host.get_fact(Sysctl, keys=[INOTIFY])[INOTIFY]
    if existing >= desired:
        host.noop(f"{INOTIFY} is {existing}")
        return

    yield StringCommand("sysctl", "-q", "-w", f"{INOTIFY}={max(desired, INOTIFY_PLENTY)}")


@operation()
def images_built(lab: Lab, machine: Machine) -> Commands:
    """
    Build the base images of a lab's hosts that are not in podman's storage yet.

    + lab: lab whose hosts are to be made
    + machine: machine it is on, for its package mirror

    Fails with the last words of mmdebstrap or podman, mostly about a mirror it cannot reach.
    """
    existing = host.get_fact(facts.Images)
    own = {Image(item.role, item.suite) for item in lab.hosts}
    desired = own | {image.base for image in own if image.base}
    changes = sorted(image for image in desired if image.tag not in existing)
    if not changes:
        host.noop("every base image is in podman's storage")
        return

    yield call(_bootstrap_all, [image for image in changes if not image.base], machine.mirrors)
    yield call(_add_all, [image for image in changes if image.base])


def _bootstrap_all(images: Sequence[Image], mirrors: Mirrors) -> None:
    """Make the images without a base image."""
    in_parallel(lambda image: _bootstrap(image, mirrors), images, CORES)


def _bootstrap(image: Image, mirrors: Mirrors) -> None:
    with TemporaryDirectory(prefix="pyinfra-mail-image-") as directory:
        archive = Path(directory) / "root.tar"
        run(image.bootstrap(archive, mirrors))
        run(image.load(archive))


def _add_all(images: Sequence[Image]) -> None:
    """Make the images that add to a base image."""
    in_parallel(lambda image: run(image.addition()), images, CORES)


@operation()
def state_written(lab: Lab, machine: Machine) -> Commands:
    """
    Write a lab's state directory: keys for the operator, files for the hosts.

    + lab: lab it is about
    + machine: machine it is on, for its package mirror
    """
    if not state.seed(lab).exists():
        yield call(state.sow, lab)

    changes = state.changes(state.desired(lab, machine))
    if not changes:
        host.noop(f"{state.directory(lab.name)} is as it should be")
        return

    yield call(_write_all, lab, machine)


def _write_all(lab: Lab, machine: Machine) -> None:
    for path, text in state.changes(state.desired(lab, machine)).items():
        state.write(path, text.encode())


@operation()
def network_made(lab: Lab) -> Commands:
    """
    Make a lab's network.

    + lab: lab whose hosts are to be joined

    Fails with podman's words if anything else uses its addresses.
    """
    existing = host.get_fact(facts.Networks, lab=lab.name)
    if existing == {lab.full_name: podman.subnets(lab)}:
        host.noop(f"the network {lab.full_name} is there")
        return

    for name in existing:
        yield StringCommand("podman", "network", "rm", "--force", name)
    yield call(run, podman.create_network(lab))


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
    """Ask until systemd answers, which takes a while after the start."""
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


@operation()
def lab_removed(lab_name: str) -> Commands:
    """
    Remove a lab's containers, its network and its state directory.

    + lab_name: lab to remove

    What is not labelled as the lab's own is left alone.
    """
    containers = host.get_fact(facts.Containers, lab=lab_name)
    networks = host.get_fact(facts.Networks, lab=lab_name)
    directory = state.directory(lab_name)
    if not containers and not networks and not directory.exists():
        host.noop(f"there is no lab {lab_name!r}")
        return

    if containers:
        yield call(podman.remove, containers)
    if networks:
        yield StringCommand("podman", "network", "rm", *networks)
    yield call(shutil.rmtree, directory, True)  # noqa: FBT003 - its second argument: ignore errors


@operation()
def images_removed() -> Commands:
    """
    Remove the base images that no container uses any more.

    Those of another lab that is up stay.
    """
    if host.get_fact(facts.Images) <= host.get_fact(facts.ImagesInUse):
        host.noop("there is no base image that nothing uses")
        return

    yield StringCommand(
        "podman", "image", "prune", "--all", "--force", "--filter", f"label={IMAGE_LABEL}"
    )
