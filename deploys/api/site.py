"""The whole way: settings, prepare, publish, activate, announce, verify."""

from pyinfra import host, state

from ..checks.deploy import verified
from ..host import inventory, operations
from ..host.deploy import PREPARE, activated, mail_host
from ..host.transport import commands
from ..mail.settings.model import Fleet
from ..run.arguments import deploy
from ..zones.operations import (
    challenges_published,
    zones_announced,
    zones_changed,
    zones_published,
)
from ..zones.propagation.dnssec import tlsa_published
from ..zones.propagation.visible import planned_names
from .mistakes import fleet_for


@deploy
def site() -> None:
    """Configure the hosts, publish the zones, and verify that mail is delivered."""
    fleet = fleet_for("site", state.inventory)
    if inventory.MAIL in host.groups:
        _mail_host(fleet)
    if inventory.CLIENT in host.groups:
        mail_host(settings=fleet.deployed(host.name), txt=planned_names, tlsa=tlsa_published)
    if {inventory.MAIL, inventory.CLIENT, inventory.WITNESSES} & set(host.groups):
        changes = {"hosts": commands.hosts_changed, "zones": zones_changed}
        verified(name="Verify: mail is delivered", scope=fleet, changes=changes)


def _mail_host(fleet: Fleet) -> None:
    settings, facts_of, tlsa = fleet.host(host.name), operations.host_facts, tlsa_published
    operations.host_prepared(name=PREPARE, settings=settings)
    if settings.proves_by_dns:
        operations.challenges_begun(name="Order: certificates by DNS-01", settings=settings)
    zones_published(name="Publish: the zones hold the records", fleet=fleet, facts_of=facts_of)
    activated(settings, txt=planned_names, tlsa=tlsa)
    if settings.proves_by_dns:
        challenges = operations.challenge_facts
        challenges_published(name="Remove: the challenges", fleet=fleet, facts_of=challenges)
    zones_announced(fleet, facts_of=facts_of)
    operations.certificates_served(name="Serve: renewed certificates", settings=settings, tlsa=tlsa)
