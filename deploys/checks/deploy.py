"""The proof as a step of a deploy: what is asked for is checked before any host is touched."""

from pyinfra.api.exceptions import DeployError

from deploys.checks.operations import Changes, proved
from deploys.checks.selection import selected
from deploys.mail.errors import MailError
from deploys.mail.settings import Fleet


def verified(name: str, fleet: Fleet, changes: Changes) -> None:
    """Prove that mail is delivered; raise DeployError for a check that does not exist."""
    try:
        selected(fleet.verification)
    except MailError as mistake:
        raise DeployError(
            f"the inventory holds mistakes, nothing was touched:\n    {mistake}"
        ) from mistake
    proved(name=name, fleet=fleet, changes=changes)
