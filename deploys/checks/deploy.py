"""The proof as a step of a deploy: what is asked for is checked before any host is touched."""

from pyinfra.api.exceptions import DeployError

from ..dns.resolver import Resolver
from ..mail.errors import MailError
from ..mail.settings.model import Fleet
from ..mail.settings.verification import Verification
from .core.target import Scope
from .operations import Changes, proved
from .run.discovery import discovered
from .run.selection import selected


def verified(name: str, scope: Scope, changes: Changes) -> None:
    """Prove that mail is delivered; raise DeployError for a check that does not exist."""
    try:
        selected(scope.verification, target=not isinstance(scope, Fleet))
    except MailError as mistake:
        raise DeployError(
            f"the inventory has mistakes, nothing was changed:\n    {mistake}"
        ) from mistake
    proved(name=name, scope=scope, changes=changes)


def seen_from_outside(name: str, asked: Verification) -> None:
    """Prove what can be of a domain in no inventory; raise DeployError if it takes no mail."""
    try:
        domain = discovered(asked, Resolver(tuple(map(str, asked.resolvers))))
    except MailError as mistake:
        raise DeployError(f"nothing was asked:\n    {mistake}") from mistake
    verified(name=name, scope=domain, changes={})
