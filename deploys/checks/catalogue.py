"""Every question that is asked, by its id, and what asks it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from deploys.checks import attendance, waivers
from deploys.checks.delivery import (
    arrival,
    authentication,
    bulk,
    integrity,
    notices,
    proofs,
    recipients,
    removal,
    signatures,
    ways,
)
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.dns import (
    authorities,
    autoconfig,
    dmarc_reports,
    dnssec,
    exchanges,
    keys,
    mta_sts,
    names,
    resolvers,
    reverse,
    senders,
    servers,
    services,
    spf,
    tls_rpt,
    tlsa,
)
from deploys.checks.finding import Finding, Question
from deploys.checks.host import examination
from deploys.checks.reputation import age, blocklists, routes
from deploys.checks.smtp import (
    backscatter,
    certificates,
    forgery,
    greeting,
    guessing,
    injection,
    ports,
    protocols,
    size,
    smuggling,
    strangers,
    submission,
    verbs,
)
from deploys.checks.world import World
from deploys.mail.settings import Fleet

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
    Check(names.published, (exchanges.MX, names.ADDRESS, spf.SPF, names.DMARC), anywhere=True),
    Check(keys.published, (keys.DKIM,)),
    Check(servers.agree, (servers.SERVERS,), anywhere=True),
    Check(dnssec.trusted, (dnssec.DNSSEC,), anywhere=True),
    Check(resolvers.alike, (resolvers.RESOLVERS,), anywhere=True),
    Check(senders.senders, (senders.SENDERS,)),
    Check(reverse.named, (reverse.PTR,), anywhere=True),
    Check(authorities.issuers, (authorities.CAA,)),
    Check(dmarc_reports.authorised, (dmarc_reports.DMARC_REPORTS,), anywhere=True),
    Check(mta_sts.published, (mta_sts.MTA_STS,), anywhere=True),
    Check(tls_rpt.published, (tls_rpt.TLS_RPT,), anywhere=True),
    Check(services.services, (services.SRV,), anywhere=True),
    Check(autoconfig.configured, (autoconfig.AUTOCONFIG,)),
    Check(strangers.answering, (strangers.CONNECT, strangers.STARTTLS), anywhere=True),
    Check(
        strangers.strangers,
        (strangers.POSTMASTER, strangers.UNKNOWN_RECIPIENT, strangers.RELAY),
    ),
    Check(greeting.introduced, (greeting.BANNER,), anywhere=True),
    Check(certificates.certificates, (certificates.TLS,), anywhere=True),
    Check(protocols.protocols, (protocols.PROTOCOLS,), anywhere=True, slow=True),
    Check(tlsa.published, (tlsa.TLSA,), anywhere=True),
    Check(verbs.verbs, (verbs.VERBS,)),
    Check(size.sizes, (size.SIZE,)),
    Check(guessing.guessed, (guessing.GUESSING,), slow=True),
    Check(backscatter.backscatter, (backscatter.BACKSCATTER,)),
    Check(smuggling.smuggling, (smuggling.SMUGGLING,), slow=True),
    Check(injection.injection, (injection.INJECTION,)),
    Check(ports.hidden, (ports.HIDDEN,)),
    Check(submission.submission, (submission.SUBMISSION,)),
    Check(forgery.forgery, (forgery.FORGERY,)),
    Check(examination.examined, examination.QUESTIONS),
    Check(blocklists.listed, (blocklists.BLOCKLISTS, blocklists.DOMAIN_LISTS), anywhere=True),
    Check(routes.validated, (routes.RPKI,), anywhere=True),
    Check(age.known_for, (age.AGE,), anywhere=True),
    Check(recipients.accepted, (recipients.RECIPIENTS,)),
    Check(bulk.unsubscribed, (bulk.UNSUBSCRIBE,)),
)
JUDGES = (
    Judge(lambda sent, _fleet, _world: arrival.arrivals(sent), (arrival.ARRIVED, arrival.SECONDS)),
    Judge(lambda sent, fleet, _world: ways.travelled(sent, fleet), (ways.HOPS,)),
    Judge(
        lambda sent, _fleet, _world: integrity.whole(sent), (integrity.INTACT, integrity.HEADERS)
    ),
    Judge(lambda sent, fleet, _world: signatures.verified(sent, fleet), (signatures.DKIM,)),
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
OF_THE_RUN = (attendance.HOST, removal.TIDIED, waivers.WAIVER)

QUESTIONS: dict[str, Question] = {
    question.id: question
    for question in (*OF_THE_RUN, *(one for asker in (*CHECKS, *JUDGES) for one in asker.questions))
}
