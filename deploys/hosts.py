"""The hosts alone, mail hosts and clients: configured, no zone touched, nothing sent."""

from pyinfra import host, state

from deploys.host.deploy import mail_host
from deploys.host.inventory import CLIENT, MAIL, fleet_of
from deploys.zones.propagation.dnssec import tlsa_published
from deploys.zones.propagation.visible import visible_names

fleet = fleet_of(state.inventory)
if {MAIL, CLIENT} & set(host.groups):
    mail_host(settings=fleet.deployed(host.name), txt=visible_names, tlsa=tlsa_published)
