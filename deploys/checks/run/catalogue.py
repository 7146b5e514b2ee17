"""Every question that is asked, by its id, and what asks it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...mail.settings.model import Fleet
from ..core import waivers
from ..core.finding import Finding, Question
from ..core.world import World
from ..delivery import (
    arrival,
    authentication,
    bulk,
    dkim,
    integrity,
    notices,
    proofs,
    recipients,
    removal,
    trace,
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
class Check:
    """
    Questions that are asked of the world together.

    They are asked `anywhere` if they need no inventory, and are `slow` if a server makes who asks
    wait, or has to be asked hundreds of times.
    """

    ask: Callable[[Fleet, World], Iterable[Finding]]
    questions: tuple[Question, ...]
    anywhere: bool = False
    slow: bool = False


@dataclass(frozen=True)
class Judge:
    """Questions that are asked of the messages that were sent, or of the notices of some."""

    ask: Callable[[Deliveries, Fleet, World], Iterable[Finding]]
    questions: tuple[Question, ...]
    notices: bool = False


# Cheapest first: this is the order of the report.
CHECKS = (
    Check(names.published, (mx.MX, names.ADDRESS, spf.SPF, names.DMARC), anywhere=True),
    Check(keys.published, (keys.DKIM,)),
    Check(servers.agree, (servers.SERVERS,), anywhere=True),
    Check(dnssec.trusted, (dnssec.DNSSEC,), anywhere=True),
    Check(resolvers.alike, (resolvers.RESOLVERS,), anywhere=True),
    Check(spf_senders.senders, (spf_senders.SENDERS,)),
    Check(reverse.named, (reverse.PTR,), anywhere=True),
    Check(caa.issuers, (caa.CAA,)),
    Check(dmarc_reports.authorised, (dmarc_reports.DMARC_REPORTS,), anywhere=True),
    Check(mta_sts.published, (mta_sts.MTA_STS,), anywhere=True),
    Check(tls_rpt.published, (tls_rpt.TLS_RPT,), anywhere=True),
    Check(services.services, (services.SRV,), anywhere=True),
    Check(autoconfig.configured, (autoconfig.AUTOCONFIG,)),
    Check(anonymous.answering, (anonymous.CONNECT, anonymous.STARTTLS), anywhere=True),
    Check(
        anonymous.strangers,
        (anonymous.POSTMASTER, anonymous.UNKNOWN_RECIPIENT, anonymous.RELAY),
    ),
    Check(greeting.introduced, (greeting.BANNER,), anywhere=True),
    Check(certificates.certificates, (certificates.TLS,), anywhere=True),
    Check(protocols.protocols, (protocols.PROTOCOLS,), anywhere=True, slow=True),
    Check(tlsa.published, (tlsa.TLSA,), anywhere=True),
    Check(vrfy_expn.verbs, (vrfy_expn.VERBS,)),
    Check(size.sizes, (size.SIZE,)),
    Check(directory_harvest.guessed, (directory_harvest.GUESSING,), slow=True),
    Check(backscatter.backscatter, (backscatter.BACKSCATTER,)),
    Check(smuggling.smuggling, (smuggling.SMUGGLING,), slow=True),
    Check(injection.injection, (injection.INJECTION,)),
    Check(ports.hidden, (ports.HIDDEN,)),
    Check(submission.submission, (submission.SUBMISSION,)),
    Check(forgery.forgery, (forgery.FORGERY,)),
    Check(examination.examined, examination.QUESTIONS),
    Check(blocklists.listed, (blocklists.BLOCKLISTS, blocklists.DOMAIN_LISTS), anywhere=True),
    Check(rpki.validated, (rpki.RPKI,), anywhere=True),
    Check(rdap.known_for, (rdap.AGE,), anywhere=True),
    Check(recipients.accepted, (recipients.RECIPIENTS,)),
    Check(bulk.unsubscribed, (bulk.UNSUBSCRIBE,)),
)
JUDGES = (
    Judge(lambda sent, _fleet, _world: arrival.arrivals(sent), (arrival.ARRIVED, arrival.SECONDS)),
    Judge(lambda sent, fleet, _world: trace.travelled(sent, fleet), (trace.HOPS,)),
    Judge(
        lambda sent, _fleet, _world: integrity.whole(sent), (integrity.INTACT, integrity.HEADERS)
    ),
    Judge(lambda sent, fleet, _world: dkim.verified(sent, fleet), (dkim.DKIM,)),
    Judge(
        lambda sent, _fleet, world: authentication.authenticated(sent, world.names),
        (authentication.SPF, authentication.DMARC),
    ),
    Judge(
        lambda sent, _fleet, world: proofs.proved(sent, world.names),
        (proofs.SIGNATURE, proofs.SPF, proofs.ARC),
    ),
    Judge(lambda sent, fleet, _world: submission.private(sent, fleet), (submission.PRIVACY,)),
    Judge(
        lambda sent, fleet, _world: notices.told(sent, fleet),
        (notices.SUCCESS, notices.FAILURE),
        notices=True,
    ),
)

# Asked of the run itself, whatever else is asked.
OF_THE_RUN = (reachability.HOST, removal.TIDIED, waivers.WAIVER)

QUESTIONS: dict[str, Question] = {
    question.id: question
    for question in (*OF_THE_RUN, *(one for asker in (*CHECKS, *JUDGES) for one in asker.questions))
}
