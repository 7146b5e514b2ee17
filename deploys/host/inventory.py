"""
Settings from pyinfra's inventory; nothing else reads host data.

Groups give a host its role. `mail` hosts and `client` hosts (null clients) are deployed;
`witnesses` are outside hosts with mailboxes that the checks read; the `controller` is this machine,
which runs the checks by a timer.
"""

from functools import cache

from pyinfra import logger
from pyinfra.api.exceptions import DeployError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory

from ..mail.errors import MailError
from ..mail.settings.inventory import MISSING, fleet_from, verification_from
from ..mail.settings.model import Fleet
from ..mail.settings.renamed import rename_notices
from ..mail.settings.verification import Verification
from ..run.command_line import folder_without_group_data

MAIL, CLIENT, WITNESSES, CONTROLLER = "mail", "client", "witnesses", "controller"
TRUST = "mail_trust_on_first_use"


@cache
def fleet_of(inventory: Inventory) -> Fleet:
    """Return the checked settings of an inventory; raise one error with all mistakes in it."""
    hosts, clients = _group(inventory, MAIL), _group(inventory, CLIENT)
    if not (hosts or clients):
        raise DeployError(
            f"the inventory has no host in the group {MAIL!r}; put your mail servers there"
        )
    witnesses, controllers = _group(inventory, WITNESSES), _group(inventory, CONTROLLER)
    groups = [
        {name: host.data.dict() for name, host in group.items()}
        for group in (hosts, witnesses, clients, controllers)
    ]
    try:
        fleet = fleet_from(*groups)
    except MailError as error:
        hint = _without_group_data() if MISSING in str(error) else ""
        raise DeployError(
            f"the inventory has mistakes, nothing was changed:\n    {error}{hint}"
        ) from error
    for notice in rename_notices({name: data for group in groups for name, data in group.items()}):
        logger.warning(notice)
    _require_host_keys({**hosts, **witnesses, **clients})
    _require_this_machine(controllers)
    return fleet


def verification_of(inventory: Inventory) -> Verification | None:
    """Return the targets in an inventory without mail hosts; None if it has any."""
    if _group(inventory, MAIL) or _group(inventory, CLIENT):
        return None
    try:
        return verification_from(next(iter(inventory)).data.dict())
    except MailError as error:
        raise DeployError(f"nothing was checked:\n    {error}") from error


def data_value(host: Host, name: str) -> str:
    """Return the value of `--data NAME=...`, or an empty string."""
    return str(host.data.get(name, ""))


def _group(inventory: Inventory, name: str) -> dict[str, Host]:
    return {host.name: host for host in inventory if name in host.groups}


def _require_host_keys(hosts: dict[str, Host]) -> None:
    # pyinfra's default accepts any new key without a warning, so the setting is required.
    for name, host in hosts.items():
        policy = host.data.get("ssh_strict_host_key_checking")
        allowed = {"yes", "accept-new"} if host.data.get(TRUST) else {"yes"}
        if _connects_by_ssh(host) and policy not in allowed:
            raise DeployError(
                f"{name}: ssh_strict_host_key_checking is {policy!r}; write 'yes' in "
                f"group_data/all.py, or 'accept-new' with {TRUST} = True{_without_group_data()}"
            )


def _without_group_data() -> str:
    folder = folder_without_group_data()
    if not folder:
        return ""
    return f"\n    {folder} has no folder group_data; make it, with keys for all hosts in all.py"


def _require_this_machine(controllers: dict[str, Host]) -> None:
    # The timer needs what this machine has: the inventory, the secrets and the SSH keys.
    for name, host in controllers.items():
        if host.connector_cls.__name__ != "LocalConnector":
            raise DeployError(f"{name} is not this machine; write {CONTROLLER} = ['@local']")


def _connects_by_ssh(host: Host) -> bool:
    return host.connector_cls.__name__ == "SSHConnector"
