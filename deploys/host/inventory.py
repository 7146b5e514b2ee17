"""
Settings from pyinfra's inventory; nothing else reads host data.

Groups give a host its role. `mail` hosts and `client` hosts (null clients) are deployed;
`witnesses` are outside hosts with mailboxes that the checks read; the `controller` is this machine,
which runs the checks by a timer.
"""

from collections.abc import Collection, Iterator
from functools import cache

from pyinfra import logger
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory

from ..mail.errors import MailError
from ..mail.settings.consequences.acceptance import stale_acceptances
from ..mail.settings.inventory import checked_fleet, verification_from
from ..mail.settings.mistakes.keys import HostData, rename_notices
from ..mail.settings.mistakes.recipients import catch_all_notices
from ..mail.settings.mistakes.sentences import MISSING
from ..mail.settings.model import Fleet
from ..mail.settings.verification import Verification
from ..run.command_line import folder_without_group_data, refusal
from .layers import data_in_layers, origins

MAIL, CLIENT, WITNESSES, CONTROLLER = "mail", "client", "witnesses", "controller"
TRUST = "mail_trust_on_first_use"
MISTAKES = "the inventory has mistakes, nothing was changed:"


@cache
def fleet_of(inventory: Inventory) -> Fleet:
    """Return the checked settings of an inventory; raise one error with all mistakes in it."""
    fleet, mistakes = checked(inventory)
    require_none(mistakes)
    if getattr(getattr(inventory, "state", None), "print_noop_info", False):  # -v
        for host in inventory:
            for line in origins(host):
                logger.info(f"    {line}")
    return fleet


@cache
def checked(inventory: Inventory) -> tuple[Fleet, tuple[str, ...]]:
    """Return the part of an inventory that is valid, and every mistake in its settings."""
    roles = (MAIL, WITNESSES, CLIENT, CONTROLLER)
    hosts, witnesses, clients, controllers = (_group(inventory, role) for role in roles)
    groups = [
        {name: data_in_layers(host) for name, host in group.items()}
        for group in (hosts, witnesses, clients, controllers)
    ]
    fleet, mistakes = checked_fleet(*groups, secrets=secrets_tried(inventory))
    if not (hosts or clients):
        mistakes.append(
            f"the inventory has no host in the group {MAIL!r}; put your mail servers there"
        )
    stale = stale_acceptances((*fleet.hosts, *fleet.clients))
    caught = catch_all_notices(fleet.hosts)
    for notice in (*rename_notices(data_of(inventory)), *stale, *caught):
        logger.warning(notice)
    unsafe = list(_connection_mistakes({**hosts, **witnesses, **clients}))
    mistakes += [*unsafe, *_controller_mistakes(controllers)]
    if unsafe or any(MISSING in one for one in mistakes):
        mistakes += _folder_mistakes()
    return fleet, tuple(mistakes)


def secrets_tried(inventory: Inventory) -> bool:
    """Return if references to secrets are read; `--data check_secrets=no` says no."""
    return inventory.get_override_data().get("check_secrets") not in ("no", False)


def require_none(mistakes: Collection[str]) -> None:
    """Raise one error with all mistakes, if there are any."""
    if mistakes:
        raise refusal("\n    ".join((MISTAKES, *mistakes)))


def data_of(inventory: Inventory, *roles: str) -> dict[str, HostData]:
    """Return the data of every host with one of these roles, or with any role."""
    wanted = roles or (MAIL, WITNESSES, CLIENT, CONTROLLER)
    members = (_group(inventory, role) for role in wanted)
    return {name: data_in_layers(host) for group in members for name, host in group.items()}


def verification_of(inventory: Inventory) -> Verification | None:
    """Return the targets in an inventory without mail hosts; None if it has any."""
    if _group(inventory, MAIL) or _group(inventory, CLIENT):
        return None
    try:
        return verification_from(next(iter(inventory)).data.dict())
    except MailError as error:
        raise refusal(f"nothing was checked:\n    {error}") from error


def data_value(host: Host, name: str) -> str:
    """Return the value of `--data NAME=...`, or an empty string."""
    return str(host.data.get(name, ""))


def _group(inventory: Inventory, name: str) -> dict[str, Host]:
    return {host.name: host for host in inventory if name in host.groups}


def _connection_mistakes(hosts: dict[str, Host]) -> Iterator[str]:
    # pyinfra's default accepts any new key without a warning, so the setting is required.
    for name, host in hosts.items():
        policy = host.data.get("ssh_strict_host_key_checking")
        allowed = {"yes", "accept-new"} if host.data.get(TRUST) else {"yes"}
        if _connects_by_ssh(host) and policy not in allowed:
            yield (
                f"{name}: ssh_strict_host_key_checking is {policy!r}; write 'yes' in "
                f"group_data/all.py, or 'accept-new' with {TRUST} = True"
            )


def _folder_mistakes() -> Iterator[str]:
    if folder := folder_without_group_data():
        yield f"{folder} has no folder group_data; make it, with keys for all hosts in all.py"


def _controller_mistakes(controllers: dict[str, Host]) -> Iterator[str]:
    # The timer needs what this machine has: the inventory, the secrets and the SSH keys.
    for name, host in controllers.items():
        if host.connector_cls.__name__ != "LocalConnector":
            yield f"{name} is not this machine; write {CONTROLLER} = ['@local']"


def _connects_by_ssh(host: Host) -> bool:
    return host.connector_cls.__name__ == "SSHConnector"
