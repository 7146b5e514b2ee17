"""
Verification on any day. It sends test messages, removes them again, and changes nothing else.

A domain in no inventory is checked without a login and without messages:
`pyinfra @local deploys/verify.py --data verify_domain=example.org`.
"""

from pyinfra import host, state

from ..checks.deploy import target_verified, verified
from ..host.inventory import CLIENT, MAIL, WITNESSES, verification_of
from ..run.arguments import deploy
from .mistakes import fleet_for


@deploy
def verify() -> None:
    """Verify that mail is delivered, or check the domains of `verify_domain`."""
    settings = verification_of(state.inventory)
    if settings:
        domains = ", ".join(settings.domain)
        target_verified(name=f"Verify: {domains} from outside", settings=settings)
    elif {MAIL, CLIENT, WITNESSES} & set(host.groups):
        verified(
            name="Verify: mail is delivered",
            scope=fleet_for("verify", state.inventory),
            changes=dict.fromkeys(("hosts", "zones"), lambda _: 0),
        )
