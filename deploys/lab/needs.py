"""What a lab needs of its machine."""

from pyinfra import host
from pyinfra.api import FactBase, StringCommand, operation
from pyinfra.facts.server import Sysctl

from . import facts
from .definition import Lab
from .errors import LabError
from .work import Commands

INOTIFY = "fs.inotify.max_user_instances"
INOTIFY_PER_HOST = 8  # systemd takes 5 or 6, and the machine has a few of its own
INOTIFY_PLENTY = 1024


class Obstacles(FactBase[list[str]]):
    """Returns what keeps this machine from running a lab, a sentence each."""

    default = list

    def command(self) -> str:
        """Ask in the order in which one would mend them."""
        backend = "podman info --format '{{.Host.NetworkBackend}}'"
        return (
            'test "$(id -u)" = 0 || echo "a lab needs root: run this as root";'
            " for tool in podman mmdebstrap; do command -v $tool >/dev/null ||"
            ' echo "$tool is not installed: apt-get install $tool, or use scripts/demo"; done;'
            f' ! command -v podman >/dev/null || test "$({backend})" = netavark ||'
            ' echo "podman does not use netavark, which a lab needs: apt-get install netavark'
            ' and write network_backend = \\"netavark\\" under [network] in containers.conf"'
        )

    def process(self, output: list[str]) -> list[str]:
        """Keep the lines as they are."""
        return output


def check() -> None:
    """Raise a LabError that says all that is missing."""
    obstacles = host.get_fact(Obstacles)
    if obstacles:
        raise LabError("; ".join(obstacles))


@operation()
def inotify_allows(lab: Lab) -> Commands:
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
