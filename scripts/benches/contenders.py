"""
Contenders of the benches `noop` and `first`: the same hosts and keys in three inventories.

The configuration is rendered once, by the code of our deploy. The other contenders copy these
files, so they write the same text and render no templates.
"""

import json
import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploys.host.new_host import new_host
from deploys.host.services import postfix
from deploys.host.services.plan_input import plan_input
from deploys.mail import paths
from deploys.mail.settings.inventory import fleet_from
from deploys.mail.settings.model import MailSettings

from .instruments.command import run

HERE = Path(__file__).parent
PYINFRA = ".venv/bin/pyinfra"
PLAYBOOK = ".venv-bench/bin/ansible-playbook"
DEPLOYS = {"ours": "deploys/hosts.py", "naive": "scripts/benches/naive.py"}
CONTROL = "connections"  # of Ansible; they outlive its run
NAMES = (*DEPLOYS, "ansible")
Data = Mapping[str, Any]  # host data of one host, as pyinfra has it


@dataclass(frozen=True)
class Program:
    """A command and its environment."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Run it to its end."""
        run(self.argv, environment=self.environment)


@contextmanager
def contender(name: str, hosts: Mapping[str, Data]) -> Iterator[Program]:
    """Yield a contender with an inventory of these hosts."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        try:
            yield _program(name, Path(directory), hosts)
        finally:
            _disconnect(Path(directory))


def _program(name: str, directory: Path, hosts: Mapping[str, Data]) -> Program:
    if name == "ansible":
        return _ansible(directory, hosts)
    return _pyinfra(directory, hosts, DEPLOYS[name])


def _pyinfra(directory: Path, hosts: Mapping[str, Data], deploy: str) -> Program:
    inventory = directory / "inventory.py"
    # Host data holds references to secrets, whose repr() is masked; pickle keeps them.
    data = pickle.dumps(list(hosts.items()))
    inventory.write_text(f"import pickle\n\nmail = pickle.loads({data!r})\n")
    return Program((PYINFRA, str(inventory), deploy, "-y"))


def _ansible(directory: Path, hosts: Mapping[str, Data]) -> Program:
    inventory = directory / "inventory.json"
    words = {name: _for_ansible(data) for name, data in hosts.items()}
    inventory.write_text(json.dumps({"mail": {"hosts": words}}))
    environment = {
        "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
        "ANSIBLE_HOME": str(directory),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(directory / CONTROL),
        "LC_ALL": "C.UTF-8",
    }
    return Program((PLAYBOOK, "-i", str(inventory), str(HERE / "playbook.yml")), environment)


def _for_ansible(data: Data) -> Data:
    known = f"-o UserKnownHostsFile={data['ssh_known_hosts_file']} -o StrictHostKeyChecking=yes"
    return {
        "ansible_host": data["ssh_hostname"],
        "ansible_port": data["ssh_port"],
        "ansible_user": data["ssh_user"],
        "ansible_ssh_private_key_file": data["ssh_key"],
        "ansible_ssh_common_args": known,
        "mail_hostname": data["mail_hostname"],
        "bench_files": data["bench_files"],
    }


def _disconnect(directory: Path) -> None:
    """End the SSH processes that outlive an Ansible run."""
    for socket in (directory / CONTROL).glob("*"):
        run(("ssh", "-S", str(socket), "-O", "exit", "any"))


def rendered(settings: Data, release: str, directory: Path) -> None:
    """Write the files of a host's Postfix on a Debian release."""
    checked = _checked(settings)
    directory.mkdir(parents=True)
    for file in postfix.service(checked, plan_input(checked, new_host(checked, release))).set:
        if Path(file.path).parent == Path(paths.POSTFIX):
            (directory / Path(file.path).name).write_text(file.content)


def _checked(data: Data) -> MailSettings:
    return fleet_from({"host": data}, {}).hosts[0]
