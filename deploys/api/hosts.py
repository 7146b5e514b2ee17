"""The hosts alone, mail hosts and clients: configured, no zone touched, nothing sent."""

from pyinfra import host, state

from ..host.deploy import mail_host
from ..host.inventory import CLIENT, MAIL, fleet_of
from ..run.arguments import deploy
from ..zones.propagation.dnssec import tlsa_published
from ..zones.propagation.visible import visible_names


@deploy
def hosts() -> None:
    """Configure the mail hosts and null clients."""
    fleet = fleet_of(state.inventory)
    if {MAIL, CLIENT} & set(host.groups):
        mail_host(settings=fleet.deployed(host.name), txt=visible_names, tlsa=tlsa_published)
