"""Verification as a deploy; its settings are checked before any host is changed."""

from typing import TYPE_CHECKING

from ..dns.resolver import Resolver
from ..mail.errors import MailError
from ..mail.settings.model import Fleet
from ..mail.settings.verification import Verification
from ..run import reports
from ..run.command_line import inventory_name, refusal
from .core.finding import Severity
from .core.target import Scope, resolvers_of
from .run.discovery import discovered

if TYPE_CHECKING:
    from .operations import Changes


def verified(name: str, scope: Scope, changes: "Changes") -> None:
    """Verify that mail is delivered; raise DeployError for a check that does not exist."""
    from .operations import verification  # noqa: PLC0415 - every check, once its step is planned
    from .run.selection import selected  # noqa: PLC0415 - the same

    try:
        selected(scope.verification, target=not isinstance(scope, Fleet))
    except MailError as mistake:
        raise refusal(
            f"the inventory has mistakes, nothing was changed:\n    {mistake}"
        ) from mistake
    verification(name=name, scope=scope, changes=changes)


def target_verified(name: str, settings: Verification) -> None:
    """Check a domain in no inventory; raise DeployError if it receives no mail."""
    try:
        domain = discovered(settings, Resolver(tuple(map(str, settings.resolvers))))
    except MailError as mistake:
        raise refusal(f"nothing was checked:\n    {mistake}") from mistake
    verified(name=name, scope=domain, changes={})


def list_verified(name: str, fleet: Fleet) -> None:
    """Check the list `verify_list`; raise DeployError if its file cannot be used."""
    from .list.file import list_file  # noqa: PLC0415 - as above
    from .list.operation import ListCheck, list_verification  # noqa: PLC0415 - as above

    settings = fleet.verification
    try:
        source = list_file(settings.list)
    except MailError as mistake:
        raise refusal(f"nothing was checked:\n    {mistake}") from mistake
    folder = reports.folder(inventory_name() if fleet.hosts else source.path.stem)
    check = ListCheck(
        source,
        resolvers_of(fleet),
        folder,
        Severity(settings.fail_on),
        streams={host.inventory_name: host.timeout for host in fleet.hosts if host.bulk},
    )
    list_verification(name=name, check=check)
