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
    autoconfig,
    caa,
    dmarc_reports,
    dnssec,
    keys,
    mta_sts,
    mx,
    names,
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
INSPECTIONS = (
    Inspection(names.published, (mx.MX, names.ADDRESS, spf.SPF, names.DMARC), anywhere=True),
    Inspection(keys.published, (keys.DKIM,)),
    Inspection(servers.agree, (servers.SERVERS,), anywhere=True),
    Inspection(dnssec.trusted, (dnssec.DNSSEC,), anywhere=True),
    Inspection(resolvers.alike, (resolvers.RESOLVERS,), anywhere=True),
    Inspection(spf_senders.senders, (spf_senders.SENDERS,)),
    Inspection(reverse.named, (reverse.PTR,), anywhere=True),
    Inspection(caa.issuers, (caa.CAA,)),
    Inspection(dmarc_reports.authorised, (dmarc_reports.DMARC_REPORTS,), anywhere=True),
    Inspection(mta_sts.published, (mta_sts.MTA_STS,), anywhere=True),
    Inspection(tls_rpt.published, (tls_rpt.TLS_RPT,), anywhere=True),
    Inspection(services.services, (services.SRV,), anywhere=True),
    Inspection(autoconfig.configured, (autoconfig.AUTOCONFIG,)),
    Inspection(anonymous.answering, (anonymous.CONNECT, anonymous.STARTTLS), anywhere=True),
    Inspection(
        anonymous.strangers,
        (anonymous.POSTMASTER, anonymous.UNKNOWN_RECIPIENT, anonymous.RELAY),
    ),
    Inspection(greeting.introduced, (greeting.BANNER,), anywhere=True),
    Inspection(certificates.certificates, (certificates.TLS,), anywhere=True),
    Inspection(protocols.protocols, (protocols.PROTOCOLS,), anywhere=True, slow=True),
    Inspection(tlsa.published, (tlsa.TLSA,), anywhere=True),
    Inspection(vrfy_expn.verbs, (vrfy_expn.VERBS,)),
    Inspection(size.sizes, (size.SIZE,)),
    Inspection(directory_harvest.guessed, (directory_harvest.GUESSING,), slow=True),
    Inspection(backscatter.backscatter, (backscatter.BACKSCATTER,)),
    Inspection(smuggling.smuggling, (smuggling.SMUGGLING,), slow=True),
    Inspection(injection.injection, (injection.INJECTION,)),
    Inspection(ports.hidden, (ports.HIDDEN,)),
    Inspection(submission.submission, (submission.SUBMISSION,)),
    Inspection(forgery.forgery, (forgery.FORGERY,)),
    Inspection(examination.examined, examination.CHECKS),
    Inspection(blocklists.listed, (blocklists.BLOCKLISTS, blocklists.DOMAIN_LISTS), anywhere=True),
    Inspection(rpki.validated, (rpki.RPKI,), anywhere=True),
    Inspection(rdap.known_for, (rdap.AGE,), anywhere=True),
    Inspection(recipients.accepted, (recipients.RECIPIENTS,)),
    Inspection(bulk.unsubscribed, (bulk.UNSUBSCRIBE,)),
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
        *(one for asker in (*INSPECTIONS, *MESSAGE_INSPECTIONS) for one in asker.checks),
    )
}
