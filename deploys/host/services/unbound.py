"""
Unbound of a mail host: a resolver that validates DNSSEC (RFC 4035), for this host only.

DANE trusts validated answers, so the resolver must not be reached over a network. Mail services do
not use the host's /etc/resolv.conf: their units mount a file of ours in its place.
"""

from dataclasses import replace

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "unbound"
DIRECTORY = "/etc/unbound"
CONFIGURATION = f"{DIRECTORY}/unbound.conf"
# The unit runs this before its first start; without the root's key the configuration is not valid.
ROOT_KEY = ("/usr/libexec/unbound-helper", "root_trust_anchor_update")
RESOLV_CONF = f"{DIRECTORY}/resolv.conf"  # /etc/resolv.conf of mail services


def query(settings: MailSettings) -> Query:
    """Return the state of Unbound that a plan needs."""
    row = units.service(settings, NAME)
    base = base_query(settings, NAME, (DIRECTORY,), (CONFIGURATION, RESOLV_CONF))
    return replace(base, ports=row.local_ports, exclusive=(DIRECTORY,))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Unbound."""
    values = {
        "version": installed(inputs.existing, "unbound"),
        "forwards": settings.resolver_forwards,
        "trust_anchor": settings.resolver_trust_anchor,
    }
    files = (
        File(CONFIGURATION, render(CONFIGURATION, **values)),
        File(RESOLV_CONF, render(RESOLV_CONF)),
    )
    return replace(
        base_service(query(settings), files),
        validators=(ROOT_KEY, ("unbound-checkconf", "{directory}/unbound.conf")),
    )
