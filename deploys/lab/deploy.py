"""The deploy that raises or removes a lab, as the data it is given says."""

from pyinfra import host
from pyinfra.api import deploy

from . import hosts, needs, operations, removal
from .definition import Lab, named
from .errors import LabError
from .machine import machine

PRESENT, ABSENT = "present", "absent"


@deploy("Lab")
def lab() -> None:
    """Raise the lab that the data `lab_name` names, or remove it if the data `lab` is "absent"."""
    name = host.data.get("lab_name", "lab")
    chosen = named(name, host.data.get("lab_mail_hosts"))
    needs.check()
    if _wish("lab") == PRESENT:
        raised(chosen)
    else:
        removal.lab_removed(name=f"Remove the lab named {name}", lab_name=name)
    if _wish("lab_images") == ABSENT:
        removal.images_removed(name="Remove base images")


def raised(chosen: Lab) -> None:
    """Raise a lab, each operation on top of the one before."""
    here = machine(host, chosen)
    needs.inotify_allows(name=f"Allow enough {needs.INOTIFY}", lab=chosen)
    operations.images_built(name="Build base images", lab=chosen, machine=here)
    operations.state_written(name="Write keys and files", lab=chosen, machine=here)
    operations.network_made(name="Make the network", lab=chosen)
    hosts.hosts_running(name="Run the hosts", lab=chosen, machine=here)
    hosts.hosts_booted(name="Wait until every host is up", lab=chosen)


def _wish(key: str) -> str:
    wish = host.data.get(key, PRESENT)
    if wish not in {PRESENT, ABSENT}:
        raise LabError(f"the data {key} is {wish!r}: write {PRESENT} or {ABSENT}")
    return str(wish)
