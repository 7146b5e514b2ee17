"""Operations that remove a lab, and nothing else."""

import shutil

from pyinfra import host
from pyinfra.api import StringCommand, operation

from . import facts, podman, state
from .images import LABEL as IMAGE_LABEL
from .work import Commands, call


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
