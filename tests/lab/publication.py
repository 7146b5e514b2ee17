"""deploys/site.py up to its checks, for tests that check something else."""

from pyinfra import host, state

from deploys.host.deploy import activated
from deploys.host.inventory import MAIL, fleet_of
from deploys.host.operations import host_facts, host_prepared
from deploys.zones.operations import zones_published
from deploys.zones.propagation.dnssec import tlsa_published
from deploys.zones.propagation.visible import planned_names

fleet = fleet_of(state.inventory)
if MAIL in host.groups:
    settings = fleet.host(host.name)
    host_prepared(name="Prepare", settings=settings)
    zones_published(name="Publish", fleet=fleet, facts_of=host_facts)
    activated(settings, txt=planned_names, tlsa=tlsa_published)
