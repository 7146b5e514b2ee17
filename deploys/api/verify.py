"""
Verification on any day. It sends test messages, removes them again, and changes nothing else.

A domain in no inventory is checked without a login and without messages:
`pyinfra @local deploys/verify.py --data verify_domain=example.org`. So is a list of recipients:
`pyinfra @local deploys/verify.py --data verify_list=customers.csv`.
"""

from pyinfra import host, state

from ..checks.deploy import list_verified, target_verified, verified
from ..host.inventory import CLIENT, MAIL, WITNESSES, verification_of
from ..mail.settings.model import Fleet
from ..run.arguments import deploy
from .mistakes import fleet_for


@deploy
def verify() -> None:
    """Verify that mail is delivered, or check the domains of `verify_domain` or a list."""
    settings = verification_of(state.inventory)
    if settings and settings.list:
        _list_verified(Fleet(hosts=(), verification=settings))
    elif settings:
        domains = ", ".join(settings.domain)
        target_verified(name=f"Verify: {domains} from outside", settings=settings)
    elif {MAIL, CLIENT, WITNESSES} & set(host.groups):
        fleet = fleet_for("verify", state.inventory)
        if fleet.verification.list:
            _list_verified(fleet)
        else:
            verified(
                name="Verify: mail is delivered",
                scope=fleet,
                changes=dict.fromkeys(("hosts", "zones"), lambda _: 0),
            )


def _list_verified(fleet: Fleet) -> None:
    list_verified(name=f"Verify: the list {fleet.verification.list}", fleet=fleet)
