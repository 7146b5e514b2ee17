"""
Receivers of DMARC reports: they get mail, and they consent to the reports of this domain.

Mail servers send reports to another organisation only if its zone consents, for this domain or by a
wildcard for all domains (RFC 7489 section 7.1).
"""

from collections.abc import Iterable, Iterator

from ...dns.answer import exchange
from ...mail.dmarc import Dmarc, consent, is_policy, receiver
from ...mail.errors import MailError
from ...run.threads import in_parallel
from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_domain
from ..core.target import Scope, publishing
from ..core.world import UnansweredError, World, addresses
from .dmarc import published

DMARC_REPORTS = Check(
    "dns.dmarc_reports",
    "domain",
    "Do DMARC reports reach the addresses that the policy names?",
    "RFC 7489 section 7.1",
    why="Reports to a domain that has not consented are not sent, and no error shows it.",
    remedy=(
        'Publish TXT "v=DMARC1" at `<domain>._report._dmarc.<receiver>` in the zone of the '
        "receiver, or name addresses of your own."
    ),
    worst=Severity.WARNING,
    when_unknown="fix dns.dmarc first",
)
_TAGS = ("rua", "ruf")
_MOST = 2  # section 6.2: receivers may ignore all URIs after the second
_BOUND = 10  # URIs, a bound on the queries that a foreign record can cause
_SHORT = 200  # characters of foreign text


@per_domain(DMARC_REPORTS, anywhere=True, sending=True)
def receivers(domain: str, scope: Scope, world: World) -> Iterable[Finding]:
    """Check the receivers of a domain's DMARC reports, and their consent."""
    policy = published(domain, world)
    wanted = (one for host in publishing(scope, domain) for one in host.dmarc_reports)
    uris = dict.fromkeys(uri for tag in _TAGS for uri in policy.reports(tag))
    asked = in_parallel(lambda uri: _of_uri(domain, uri, world), list(uris)[:_BOUND])
    return [*_counted(domain, policy, tuple(dict.fromkeys(wanted))), *asked]


def _counted(domain: str, policy: Dmarc, wanted: tuple[str, ...]) -> Iterator[Finding]:
    saw = str(policy)[:_SHORT] or f"no policy at _dmarc.{domain}"
    if not policy.reports("rua"):
        if wanted:
            fix = f"add {dict(Dmarc.of('none', wanted).tags)['rua']} as rua to _dmarc.{domain}"
            saw = f"{saw}: no rua, but mail_dmarc_reports asks for reports"
            yield DMARC_REPORTS.warning(domain, saw, fix)
        elif not policy.reports("ruf"):
            saw = f"{saw}: no reports, and the inventory demands none"
            yield DMARC_REPORTS.not_applicable(domain, saw)
    for tag in _TAGS:
        if (count := len(policy.reports(tag))) > _MOST:
            fix = f"name the {_MOST} most important URIs first: receivers may ignore the others"
            yield DMARC_REPORTS.info(domain, f"{saw}: {count} URIs in {tag}", fix)


def _of_uri(domain: str, uri: str, world: World) -> Finding:
    saw = uri[:_SHORT]
    try:
        target = receiver(uri)
        if not _receives_mail(target, world):
            fix = f"name another address in _dmarc.{domain}, or publish an MX record of {target}"
            return DMARC_REPORTS.warning(domain, f"{saw}: {target} receives no mail", fix)
        for name in consent(domain, (f"@{target}",)):
            if not any(map(is_policy, world.names.lookup(name, "TXT"))):
                saw = f"{saw}: no TXT v=DMARC1 at {name}, so no reports are sent there"
                fix = f'publish TXT "v=DMARC1" at {name}, or name another address'
                return DMARC_REPORTS.warning(domain, saw, fix)
            return DMARC_REPORTS.ok(domain, f"{saw}: {name} says v=DMARC1")
    except UnansweredError as problem:
        fix = "make the resolver answer, and verify again"
        return DMARC_REPORTS.unknown(domain, f"{saw}: {problem}", fix)
    except MailError as problem:
        return DMARC_REPORTS.warning(domain, saw, str(problem)[:_SHORT])
    return DMARC_REPORTS.ok(domain, f"{saw}: in {domain}'s own organisation, and receives mail")


def _receives_mail(domain: str, world: World) -> bool:
    """Tell whether a domain has an MX record other than ".", or an address."""
    if values := world.names.lookup(domain, "MX"):
        return any(map(exchange, values))
    return bool(addresses(world.names, domain))
