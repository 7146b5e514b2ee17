"""
Renewal of certificates by DNS-01, unattended: no other record or configuration changes.

A whole run would also make live what has been edited in the inventory since the last one.
"""

from pyinfra import host, state

from ..host import operations
from ..host.inventory import MAIL
from ..mail.settings.model import Fleet
from ..run.arguments import deploy
from ..zones.operations import challenges_published
from ..zones.propagation.visible import visible_names
from .mistakes import fleet_for


@deploy
def certificates() -> None:
    """Renew the certificates by DNS-01 that expire soon."""
    fleet = fleet_for("certificates", state.inventory)
    if MAIL in host.groups:
        _mail_host(fleet)


def _mail_host(fleet: Fleet) -> None:
    settings, facts_of = fleet.host(host.name), operations.challenge_facts
    operations.renewals_begun(name="Order: certificates by DNS-01 that are due", settings=settings)
    if settings.proves_by_dns:
        challenges_published(name="Publish: the challenges", fleet=fleet, facts_of=facts_of)
        operations.certificates_renewed(
            name="Renew: certificates are issued and served", settings=settings, txt=visible_names
        )
        challenges_published(name="Remove: the challenges", fleet=fleet, facts_of=facts_of)
        operations.renewals_complete(name="Check: no renewal is left", settings=settings)
