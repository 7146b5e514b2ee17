"""Requirements of a lab on the machine that it runs on."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from pyinfra.api import FactBase, StringCommand
from pyinfra.api.host import Host

from .definition import Lab, LabError
from .images import PORTS, Mirrors

CAP_SYS_RESOURCE = 1 << 24  # capabilities(7)


@dataclass(frozen=True)
class Machine:
    """Properties of the machine: package sources, addresses of their mirrors, podman's limits."""

    mirrors: Mirrors
    addresses: Mapping[str, tuple[IPv4Address, ...]]  # of the mirrors, by name
    restricted: bool  # podman's own defaults fail here


class Obstacles(FactBase[list[str]]):
    """Returns the reasons why this machine cannot run a lab, one sentence each."""

    default = list

    def command(self) -> str:
        """Ask in the order of the fixes."""
        backend = "podman info --format '{{.Host.NetworkBackend}}'"
        return (
            'test "$(id -u)" = 0 || echo "a lab needs root: run this as root";'
            " for tool in podman mmdebstrap; do command -v $tool >/dev/null ||"
            ' echo "$tool is not installed: apt-get install $tool, or use scripts/demo"; done;'
            f' ! command -v podman >/dev/null || test "$({backend})" = netavark ||'
            ' echo "podman does not use netavark, which a lab needs: apt-get install netavark'
            ' and write network_backend = \\"netavark\\" under [network] in containers.conf";'
            ' ! command -v apt-get >/dev/null || test -n "$(apt-get indextargets)" ||'
            ' echo "apt has no lists of packages: apt-get update, or use scripts/demo"'
        )

    def process(self, output: list[str]) -> list[str]:
        """Keep the lines as they are."""
        return output


class AptMirrors(FactBase[Mirrors]):
    """Returns the machine's sources of Debian packages that containers can use too."""

    default = Mirrors

    def command(self) -> str:
        """Ask apt, which reads every form of a source."""
        return (
            "! command -v apt-get >/dev/null || apt-get indextargets"
            " --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian'"
        )

    def process(self, output: list[str]) -> Mirrors:
        """Take the first of each kind that a container can use too."""
        found = {
            label: uri.rstrip("/")
            for label, uri in (line.split(maxsplit=1) for line in reversed(output))
            if urlsplit(uri).scheme in PORTS
        }
        return Mirrors(found.get("Debian", ""), found.get("Debian-Security", ""))


class Restricted(FactBase[bool]):
    """Returns whether podman's default runtime and limits cannot work on this machine."""

    default = bool

    def command(self) -> StringCommand:
        """Ask for the capability to raise limits, and for both kinds of cgroups at once."""
        return StringCommand(
            "sed -n 's/^CapEff:/0x/p' /proc/self/status;",
            "! test -d /sys/fs/cgroup/unified || echo hybrid",
        )

    def process(self, output: list[str]) -> bool:
        """Read the capabilities' bits."""
        capabilities, *hybrid = (line.replace("\t", "") for line in output)
        return bool(hybrid) or not int(capabilities, 16) & CAP_SYS_RESOURCE


def require(host: Host) -> None:
    """Raise LabError with all reasons why the machine cannot run a lab."""
    obstacles = host.get_fact(Obstacles)
    if obstacles:
        raise LabError("; ".join(obstacles))


def machine(host: Host, lab: Lab) -> Machine:
    """Return the machine's properties; raise LabError if the lab cannot reach its packages."""
    mirrors = host.get_fact(AptMirrors)
    if not (mirrors.main and mirrors.security):
        raise LabError(
            "apt on this machine names no http mirror of Debian and of its security updates:"
            " add both to its sources"
        )
    urls = (mirrors.main, mirrors.security)
    addresses = {urlsplit(url).hostname or "": looked_up(url, lab) for url in urls}
    return Machine(mirrors, addresses, host.get_fact(Restricted))


def looked_up(mirror: str, lab: Lab) -> tuple[IPv4Address, ...]:
    """Return a mirror's addresses, which the lab's hosts cannot look up."""
    name = urlsplit(mirror).hostname or ""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise LabError(f"the package mirror {name} cannot be looked up: {error}") from error
    addresses = sorted({IPv4Address(where[0]) for *_, where in found})
    for address in addresses:
        if address in lab.network4:
            raise LabError(
                f"the package mirror {name} is at {address}, inside the network of the lab"
                f" {lab.name!r}: choose another with --data lab_name=NAME"
            )
    return tuple(addresses)
