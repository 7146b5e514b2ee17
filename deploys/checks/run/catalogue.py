"""Every check by its id, and the inspections that make them."""

from ..core import waivers
from ..core.finding import Check
from ..core.inspection import Inspection
from ..delivery import (
    arrival,
    authentication,
    bulk_headers,
    cleanup,
    dkim,
    dsn,
    evaluation,
    forwarded,
    hops,
    integrity,
    junk,
    one_click,
    privacy,
    recipients,
    unsubscribe,
    verp,
)
from ..dns import (
    address,
    autoconfig,
    caa,
    dmarc,
    dmarc_reports,
    dmarc_subdomains,
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
from ..host import inspection
from ..imap import login
from ..reports import inspection as received_reports
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
    key_exchange,
    ports,
    protocols,
    size,
    smuggling,
    submission,
    suppression,
    vrfy_expn,
)
from . import reachability

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
    dmarc_subdomains.policies,
    mta_sts.policies,
    tls_rpt.policies,
    services.services,
    autoconfig.documents,
    connect.connections,
    anonymous.recipients,
    greeting.greetings,
    certificates.certificates,
    protocols.protocols,
    key_exchange.key_exchanges,
    tlsa.keys,
    vrfy_expn.verbs,
    size.sizes,
    directory_harvest.limits,
    backscatter.backscatter,
    smuggling.smuggling,
    injection.injection,
    ports.open_ports,
    submission.submission,
    login.logins,
    forgery.forgery,
    inspection.hosts,
    blocklists.entries,
    received_reports.reports,
    rpki.routes,
    rdap.registrations,
    recipients.recipients,
    unsubscribe.samples,
    one_click.sites,
    suppression.suppressions,
    verp.bounces,
)
MESSAGE_INSPECTIONS = (
    arrival.arrivals,
    hops.paths,
    integrity.contents,
    dkim.results,
    authentication.results,
    evaluation.evaluations,
    forwarded.forwarded,
    bulk_headers.fields,
    junk.samples,
    privacy.submissions,
    dsn.notifications,
)

# Checks of the run itself, which are always made.
OF_THE_RUN = (reachability.HOST, cleanup.TIDIED, waivers.WAIVER)

CHECKS: dict[str, Check] = {
    check.id: check
    for check in (
        *OF_THE_RUN,
        *(one for inspection in INSPECTIONS for one in inspection.checks),
        *(one for inspection in MESSAGE_INSPECTIONS for one in inspection.checks),
    )
}
