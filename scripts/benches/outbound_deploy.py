"""deploys/site.py for `scripts/bench outbound`, without the checks: the sink gets all mail."""

from pyinfra import host, state

from deploys.host.deploy import PREPARE, activated
from deploys.host.inventory import fleet_of
from deploys.host.operations import host_facts, host_prepared
from deploys.zones.operations import zones_published
from deploys.zones.propagation.dnssec import tlsa_published
from deploys.zones.propagation.visible import planned_names

fleet = fleet_of(state.inventory)
settings = fleet.host(host.name)
host_prepared(name=PREPARE, settings=settings)
zones_published(name="The zones hold the records", fleet=fleet, facts_of=host_facts)
activated(settings, planned_names, tlsa_published)
