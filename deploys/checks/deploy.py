"""Verification as a deploy; its settings are checked before any host is changed."""

from typing import TYPE_CHECKING

from ..dns.resolver import Resolver
from ..mail.errors import MailError
from ..mail.settings.model import Fleet
from ..mail.settings.verification import Verification
from ..run.command_line import refusal
from .core.target import Scope
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
