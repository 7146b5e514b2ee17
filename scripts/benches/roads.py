"""The ways to the bench lab's mail hosts: straight, and through a relay that makes them far."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploys.lab import inventory, state
from deploys.lab.definition import Lab, LabHost, Suite

from .contenders import Data, rendered
from .proxy import far_away

SSH_PORT = 22
NEAR_MS, FAR_MS = 0, 50
RELEASES: Mapping[Suite, str] = {"bookworm": "12", "trixie": "13"}
Roads = Mapping[int, Mapping[str, Data]]  # by round trip in ms, then by host


@contextmanager
def roads(lab: Lab, directory: Path) -> Iterator[Roads]:
    """Yield each host's data for every road to it, for as long as the context lasts."""
    near = {host.name: _near(lab, host, directory) for host in lab.of("mail")}
    addresses = [(str(data["ssh_hostname"]), SSH_PORT) for data in near.values()]
    with far_away(addresses, FAR_MS / 1000) as ports:
        known_hosts = directory / "known_hosts"
        far = {
            name: {
                **data,
                "ssh_hostname": "127.0.0.1",
                "ssh_port": ports[data["ssh_hostname"], SSH_PORT],
                "ssh_known_hosts_file": str(known_hosts),
            }
            for name, data in near.items()
        }
        known_hosts.write_text("".join(_known(lab, name, data) for name, data in far.items()))
        yield {NEAR_MS: near, FAR_MS: far}


def _near(lab: Lab, host: LabHost, directory: Path) -> Data:
    data = dict(inventory.hosts(lab.name, "mail", len(lab.of("mail"))))[host.name]
    files = directory / host.name
    rendered(data, RELEASES[host.suite], files)
    return {**data, "ssh_port": SSH_PORT, "bench_files": str(files)}


def _known(lab: Lab, name: str, data: Data) -> str:
    return f"[{data['ssh_hostname']}]:{data['ssh_port']} {state.keys(lab).ssh_public(name)}\n"
