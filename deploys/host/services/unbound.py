"""
Unbound, the host's own resolver: it validates DNSSEC (RFC 4035) and answers this host alone.

DANE trusts an answer because it was validated, so the resolver must not be reached over a network.
Mail services ask it whatever /etc/resolv.conf says: their units see a file of ours in its place.
"""

from collections.abc import Iterator

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.templates import render
from ..model.versions import installed
from .plan_input import PlanInput

NAME = "unbound"
DIRECTORY = "/etc/unbound"
CONFIGURATION = f"{DIRECTORY}/unbound.conf"
# As the unit does before its first start: without the root's key the configuration is none.
ROOT_KEY = ("/usr/libexec/unbound-helper", "root_trust_anchor_update")
RESOLV_CONF = f"{DIRECTORY}/resolv.conf"  # the units of mail services see it as /etc/resolv.conf


def query(settings: MailSettings) -> Query:
    """Return what to ask a host about Unbound."""
    own = units.service(settings, NAME)
    return Query(
        name=NAME,
        directories=(DIRECTORY,),
        packages=own.packages,
        files=(CONFIGURATION, RESOLV_CONF),
        units=own.units,
        ports=own.local_ports,
    )


def service(settings: MailSettings, given: PlanInput) -> Service:
    """Return what Unbound shall be on a host."""
    values = {
        "version": installed(given.existing, "unbound"),
        "forwards": settings.resolver_forwards,
        "trust_anchor": settings.resolver_trust_anchor,
    }
    return Service(
        query=query(settings),
        unit=units.UNBOUND,
        enabled=units.UNBOUND,
        files=(
            File(CONFIGURATION, render(CONFIGURATION, **values)),
            File(RESOLV_CONF, render(RESOLV_CONF)),
        ),
        masked=(units.UNBOUND,),
        validators=(ROOT_KEY, ("unbound-checkconf", "{directory}/unbound.conf")),
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield nothing: what goes into it was checked before."""
    yield from ()
