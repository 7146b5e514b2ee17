"""Every question that is asked, by its id, and what asks it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...mail.settings.model import Fleet
from ..core import waivers
from ..core.finding import Check, Finding
from ..core.inspection import Inspection
from ..core.world import World
from ..delivery import (
    arrival,
    authentication,
    bulk,
    dkim,
    hops,
    integrity,
    notices,
    privacy,
    proofs,
    recipients,
    removal,
)
from ..delivery.exchange import Delivery
from ..dns import (
    address,
    autoconfig,
    caa,
    dmarc,
    dmarc_reports,
    dnssec,
    keys,
    mta_sts,
    mx,
    resolvers,
    reverse,
    servers,
    services,
    spf,
    spf_senders,
    tls_rpt,
    tlsa,
)
from ..host import examination
from ..reputation import blocklists, rdap, rpki
from ..smtp import (
    anonymous,
    backscatter,
    certificates,
    connect,
    directory_harvest,
    forgery,
    greeting,
    injection,
    ports,
    protocols,
    size,
    smuggling,
    submission,
    vrfy_expn,
)
from . import reachability

Deliveries = Sequence[Delivery]


@dataclass(frozen=True)
class MessageInspection:
    """Questions that are asked of the messages that were sent, or of the notices of some."""

    run: Callable[[Deliveries, Fleet, World], Iterable[Finding]]
    checks: tuple[Check, ...]
    notices: bool = False


# Cheapest first: this is the order of the report.
INSPECTIONS: tuple[Inspection, ...] = (
    mx.exchanges,
    address.addresses,
    spf.policies,
    dmarc.policies,
    keys.records,
    servers.servers,
    dnssec.chains,
    resolvers.resolvers,
    spf_senders.senders,
    reverse.pointers,
    caa.issuers,
    dmarc_reports.receivers,
    mta_sts.policies,
    tls_rpt.policies,
    services.services,
    autoconfig.documents,
    connect.connections,
    anonymous.recipients,
    greeting.greetings,
    certificates.certificates,
    protocols.protocols,
    tlsa.keys,
    vrfy_expn.verbs,
    size.sizes,
    directory_harvest.limits,
    backscatter.backscatter,
    smuggling.smuggling,
    injection.injection,
    ports.open_ports,
    submission.submission,
    forgery.forgery,
    examination.examined,
    blocklists.entries,
    rpki.routes,
    rdap.registrations,
    recipients.accepted,
    bulk.unsubscribed,
)
MESSAGE_INSPECTIONS = (
    MessageInspection(
        lambda sent, _fleet, _world: arrival.arrivals(sent), (arrival.ARRIVED, arrival.SECONDS)
    ),
    MessageInspection(lambda sent, fleet, _world: hops.travelled(sent, fleet), (hops.HOPS,)),
    MessageInspection(
        lambda sent, _fleet, _world: integrity.whole(sent), (integrity.INTACT, integrity.HEADERS)
    ),
    MessageInspection(lambda sent, fleet, _world: dkim.verified(sent, fleet), (dkim.DKIM,)),
    MessageInspection(
        lambda sent, _fleet, world: authentication.authenticated(sent, world.names),
        (authentication.SPF, authentication.DMARC),
    ),
    MessageInspection(
        lambda sent, _fleet, world: proofs.proved(sent, world.names),
        (proofs.SIGNATURE, proofs.SPF, proofs.ARC),
    ),
    MessageInspection(lambda sent, fleet, _world: privacy.private(sent, fleet), (privacy.PRIVACY,)),
    MessageInspection(
        lambda sent, fleet, _world: notices.told(sent, fleet),
        (notices.SUCCESS, notices.FAILURE),
        notices=True,
    ),
)

# Asked of the run itself, whatever else is asked.
OF_THE_RUN = (reachability.HOST, removal.TIDIED, waivers.WAIVER)

CHECKS: dict[str, Check] = {
    check.id: check
    for check in (
        *OF_THE_RUN,
        *(one for inspection in INSPECTIONS for one in inspection.checks),
        *(one for inspection in MESSAGE_INSPECTIONS for one in inspection.checks),
    )
}
