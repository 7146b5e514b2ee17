"""
Unbound of a mail host: a resolver that validates DNSSEC (RFC 4035), for this host only.

DANE trusts validated answers, so the resolver must not be reached over a network. Mail services do
not use the host's /etc/resolv.conf: their units mount a file of ours in its place.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from ...mail import units
from ...mail.settings.model import MailSettings
from ..model.desired import File, Query, Service
from ..model.state import LOOPBACK6
from ..model.templates import render
from ..model.versions import installed
from .base import base_query, base_service
from .plan_input import PlanInput

NAME = "unbound"
DIRECTORY = "/etc/unbound"
DROP_INS = f"/etc/systemd/system/{units.UNBOUND}.d"
DROP_IN = f"{DROP_INS}/pyinfra-mail.conf"
CONFIGURATION = f"{DIRECTORY}/unbound.conf"
# The unit runs this before its first start; without the root's key the configuration is not valid.
ROOT_KEY = ("/usr/libexec/unbound-helper", "root_trust_anchor_update")
# Effective options that mail services need, by patterns of sh.
DEMANDED = (
    ("module-config", "*validator*"),  # DANE trusts validated answers only
    ("val-permissive-mode", "no"),
    *((option, "yes") for option in ("do-ip4", "do-udp", "do-tcp")),
    ("port", "53"),
)
DEMAND = (
    'while test "$1"; do found=$(unbound-checkconf -o "$1" {directory}/unbound.conf); '
    "case $found in $2) ;; *) "
    """echo "mail services need $1: $2, and mail_unbound makes it '$found'" >&2;; esac; """
    "shift 2; done"
)
# What Unbound, no longer root, cannot change by a reload.
LISTENING = ("sh", "-c", 'for it in interface do-ip6 port; do unbound-checkconf -o "$it"; done')
ADDRESS = "127.0.0.1"
RESOLV_CONF = f"{DIRECTORY}/resolv.conf"  # /etc/resolv.conf of mail services
FILES = (CONFIGURATION, RESOLV_CONF, DROP_IN)


def query(settings: MailSettings) -> Query:
    """Return the state of Unbound that a plan needs."""
    row = units.service(settings, NAME)
    base = base_query(settings, NAME, (DIRECTORY, DROP_INS), FILES)
    return replace(base, ports=row.local_ports, exclusive=(DIRECTORY,), unread=(RESOLV_CONF,))


def service(settings: MailSettings, inputs: PlanInput) -> Service:
    """Return the desired Unbound."""
    values = {
        "version": installed(inputs.existing, "unbound"),
        "ipv6": inputs.existing.ipv6,
        "loopback6": LOOPBACK6 in inputs.existing.ipv6,
        "own": settings.unbound,
        "own_options": {option for _, option in overrides(settings)},
        "forwards": settings.resolver_forwards,
        "trust_anchor": settings.resolver_trust_anchor,
    }
    files = (
        File(CONFIGURATION, render(CONFIGURATION, **values)),
        File(RESOLV_CONF, render(RESOLV_CONF)),
        File(DROP_IN, render(DROP_IN, restricted=settings.sandbox)),
    )
    return replace(
        base_service(query(settings), files),
        listening_command=LISTENING,
        validators=tuple(_validators(settings)),
        resolvers=(ADDRESS,),
    )


def overrides(settings: MailSettings) -> Iterator[tuple[str, str]]:
    """Yield the operator's own clauses of Unbound, and the options in them."""
    for clause, blocks in settings.unbound.items():
        yield "mail_unbound", clause
        yield from (("mail_unbound", option) for block in blocks for option in block)


def _validators(settings: MailSettings) -> Iterator[tuple[str, ...]]:
    yield ROOT_KEY
    yield "unbound-checkconf", "{directory}/unbound.conf"
    if settings.unbound:
        yield "sh", "-c", DEMAND, "sh", *chain(*DEMANDED)
