"""Every question that is asked, by its id, and what asks it."""

from ..core import waivers
from ..core.finding import Check
from ..core.inspection import Inspection
from ..delivery import (
    arrival,
    authentication,
    cleanup,
    dkim,
    dsn,
    evaluation,
    hops,
    integrity,
    privacy,
    recipients,
    unsubscribe,
)
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
from ..host import inspection
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
    inspection.hosts,
    blocklists.entries,
    rpki.routes,
    rdap.registrations,
    recipients.recipients,
    unsubscribe.samples,
)
MESSAGE_INSPECTIONS = (
    arrival.arrivals,
    hops.paths,
    integrity.contents,
    dkim.results,
    authentication.results,
    evaluation.evaluations,
    privacy.submissions,
    dsn.notifications,
)

# Asked of the run itself, whatever else is asked.
OF_THE_RUN = (reachability.HOST, cleanup.TIDIED, waivers.WAIVER)

CHECKS: dict[str, Check] = {
    check.id: check
    for check in (
        *OF_THE_RUN,
        *(one for asker in (*INSPECTIONS, *MESSAGE_INSPECTIONS) for one in asker.checks),
    )
}
