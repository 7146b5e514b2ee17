"""Operations that make what a lab's hosts stand on, each of them existing, desired, changes."""

from pyinfra import host
from pyinfra.api import StringCommand, operation

from . import build, facts, podman, state
from .definition import Lab
from .images import Image
from .machine import Machine
from .work import Commands, call, run


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

    yield call(build.bootstrap, [image for image in changes if not image.base], machine.mirrors)
    yield call(build.add, [image for image in changes if image.base])


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
