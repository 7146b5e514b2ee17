"""The deploy that raises or removes a lab, by its data."""

from pyinfra import host
from pyinfra.api import deploy

from . import operations
from .definition import Lab, LabError, named
from .machine import machine, require

PRESENT, ABSENT = "present", "absent"


@deploy("Lab")
def lab() -> None:
    """Raise the lab that the data `lab_name` names, or remove it if the data `lab` is "absent"."""
    name = host.data.get("lab_name", "lab")
    chosen = named(name, host.data.get("lab_mail_hosts"))
    require(host)
    if _wish("lab") == PRESENT:
        raised(chosen)
    else:
        operations.lab_removed(name=f"Remove: the lab {name}", lab_name=name)
    if _wish("lab_images") == ABSENT:
        operations.images_removed(name="Remove: base images that no container uses")


def raised(chosen: Lab) -> None:
    """Raise a lab; each operation needs the one before."""
    here = machine(host, chosen)
    operations.inotify_limit_raised(name=f"Kernel: enough {operations.INOTIFY}", lab=chosen)
    operations.images_built(name="Images: one for each role and release", lab=chosen, machine=here)
    operations.state_written(
        name="State: keys, and the files of the hosts", lab=chosen, machine=here
    )
    operations.network_made(name="Network: IPv4 and IPv6", lab=chosen)
    operations.hosts_running(name="Hosts: running as defined", lab=chosen, machine=here)
    operations.hosts_booted(name="Boot: systemd is up on every host", lab=chosen)


def _wish(key: str) -> str:
    wish = host.data.get(key, PRESENT)
    if wish not in {PRESENT, ABSENT}:
        raise LabError(f"the data {key} is {wish!r}: write {PRESENT} or {ABSENT}")
    return str(wish)
