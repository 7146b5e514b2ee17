"""The zones alone: published, or with `--data zone_restore=ID` as they were before a run."""

from pyinfra import host, state

from ..host.inventory import MAIL, data_value
from ..host.operations import host_facts
from ..run.arguments import deploy
from ..zones.operations import zones_published, zones_restored
from .mistakes import fleet_for


@deploy
def zone() -> None:
    """Publish the records of the zones, or restore the zones."""
    fleet = fleet_for("zone", state.inventory)
    if MAIL in host.groups and data_value(host, "zone_restore"):
        zones_restored(
            name="Restore: the zones are as they were",
            fleet=fleet,
            run=data_value(host, "zone_restore"),
            overwrite=data_value(host, "zone_overwrite") == "yes",
        )
    elif MAIL in host.groups:
        zones_published(
            name="Publish: the zones hold the records", fleet=fleet, facts_of=host_facts
        )
