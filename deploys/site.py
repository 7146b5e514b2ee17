"""The whole way: settings, prepare, publish, activate, announce, verify."""

from pyinfra import host, state

from deploys.checks.deploy import verified
from deploys.host import deploy, operations, sending
from deploys.host.inventory import CLIENT, MAIL, WITNESSES, fleet_of
from deploys.zones import chain, visible
from deploys.zones.operations import zones_announced, zones_changed, zones_published

fleet, seen, everywhere = fleet_of(state.inventory), visible.promised, chain.everywhere
if MAIL in host.groups:
    settings, facts_of = fleet.host(host.name), operations.host_facts
    operations.host_prepared(name="Prepare: packages, keys, certificates", settings=settings)
    zones_published(name="Publish: the zones hold the records", fleet=fleet, facts_of=facts_of)
    deploy.activated(settings, seen=seen, everywhere=everywhere)
    zones_announced(fleet, facts_of=facts_of)
    operations.certificates_served(name="Serve: keys", settings=settings, everywhere=everywhere)
if CLIENT in host.groups:
    deploy.mail_host(settings=fleet.deployed(host.name), seen=seen, everywhere=everywhere)
if {MAIL, WITNESSES} & set(host.groups):
    changes = {"hosts": sending.hosts_changed, "zones": zones_changed}
    verified(name="Verify: mail is delivered", fleet=fleet, changes=changes)
