"""The whole way: settings, prepare, publish, activate, announce, verify."""

from pyinfra import host, state

from deploys.checks.deploy import verified
from deploys.host import deploy, inventory, operations
from deploys.host.transport import commands
from deploys.zones.operations import zones_announced, zones_changed, zones_published
from deploys.zones.propagation import dnssec, visible

fleet, txt, tlsa = inventory.fleet_of(state.inventory), visible.planned_names, dnssec.tlsa_published
if inventory.MAIL in host.groups:
    settings, facts_of = fleet.host(host.name), operations.host_facts
    operations.host_prepared(name=deploy.PREPARE, settings=settings)
    zones_published(name="Publish: the zones hold the records", fleet=fleet, facts_of=facts_of)
    deploy.activated(settings, txt=txt, tlsa=tlsa)
    zones_announced(fleet, facts_of=facts_of)
    operations.certificates_served(name="Serve: renewed certificates", settings=settings, tlsa=tlsa)
if inventory.CLIENT in host.groups:
    deploy.mail_host(settings=fleet.deployed(host.name), txt=txt, tlsa=tlsa)
if {inventory.MAIL, inventory.WITNESSES} & set(host.groups):
    changes = {"hosts": commands.hosts_changed, "zones": zones_changed}
    verified(name="Verify: mail is delivered", scope=fleet, changes=changes)
