"""The hosts alone, mail hosts and clients: configured, no zone touched, nothing sent."""

from pyinfra import host, state

from ..host.deploy import mail_host
from ..host.inventory import CLIENT, MAIL
from ..run.arguments import deploy
from ..zones.propagation.dnssec import tlsa_published
from ..zones.propagation.visible import visible_names
from .mistakes import fleet_for


@deploy
def hosts() -> None:
    """Configure the mail hosts and null clients."""
    fleet = fleet_for("hosts", state.inventory)
    if {MAIL, CLIENT} & set(host.groups):
        mail_host(settings=fleet.deployed(host.name), txt=visible_names, tlsa=tlsa_published)
