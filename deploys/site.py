"""The whole way: settings, prepare, publish, activate, verify."""

from pyinfra import host, state

from deploys.checks.deploy import verified
from deploys.host.deploy import activated, mail_host
from deploys.host.inventory import CLIENT, MAIL, WITNESSES, fleet_of
from deploys.host.operations import host_facts, host_prepared
from deploys.host.sending import hosts_changed
from deploys.zones.operations import zones_changed, zones_published
from deploys.zones.visible import promised

fleet = fleet_of(state.inventory)
if MAIL in host.groups:
    settings = fleet.host(host.name)
    host_prepared(name="Prepare: packages, keys and certificates are there", settings=settings)
    zones_published(name="Publish: the zones hold the records", fleet=fleet, facts_of=host_facts)
    activated(settings, seen=promised)
if CLIENT in host.groups:
    mail_host(settings=fleet.deployed(host.name), seen=promised)
if {MAIL, WITNESSES} & set(host.groups):
    changes = {"hosts": hosts_changed, "zones": zones_changed}
    verified(name="Verify: mail is delivered", fleet=fleet, changes=changes)
