"""
Receivers of DMARC reports: they get mail, and they consent to the reports of this domain.

Mail servers send reports to another organization only if its zone consents, for this domain or by a
wildcard for all domains (RFC 9990 section 4). Two domains belong to one organization if the tree
walk finds the same organizational domain for both.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from ...dns.answer import exchange
from ...mail.dmarc import Dmarc, consent_name, is_policy, receiver
from ...mail.dmarc_tree import Found, organizational_domain, record_name
from ...mail.errors import MailError
from ...mail.report_uris import mail_domain
from ...run.threads import in_parallel
from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_domain
from ..core.target import Scope, publishing
from ..core.world import UnansweredError, World, addresses
from .dmarc import published, texts

DMARC_REPORTS = Check(
    "dns.dmarc_reports",
    "domain",
    "Do DMARC reports reach the addresses that the policy names?",
    "RFC 9990 section 4",
    why="Reports to a domain that has not consented are not sent, and no error shows it.",
    remedy=(
        'Publish TXT "v=DMARC1" at `<domain>._report._dmarc.<receiver>` in the zone of the '
        "receiver, or name addresses of your own."
    ),
    worst=Severity.WARNING,
    when_unknown="fix dns.dmarc first",
)
_TAGS = ("rua", "ruf")
_MOST = 2  # RFC 7489 section 6.2: receivers may ignore all URIs after the second
_BOUND = 10  # URIs, a bound on the queries that a foreign record can cause
_SHORT = 200  # characters of foreign text


@per_domain(DMARC_REPORTS, anywhere=True, sending=True)
def receivers(domain: str, scope: Scope, world: World) -> Iterable[Finding]:
    """Check the receivers of a domain's DMARC reports, and their consent."""
    found = published(domain, world) or Found(domain, Dmarc(()))
    wanted = (one for host in publishing(scope, domain) for one in host.dmarc_reports)
    uris = dict.fromkeys(uri for tag in _TAGS for uri in found.policy.reports(tag))
    asked = in_parallel(lambda uri: _of_uri(found.domain, uri, world), list(uris)[:_BOUND])
    counted = _counted(domain, found, Dmarc.of("none", dict.fromkeys(wanted)))
    return [*counted, *(replace(one, subject=domain) for one in asked)]


def _counted(domain: str, found: Found, wanted: Dmarc) -> Iterator[Finding]:
    policy, name = found.policy, record_name(found.domain)
    saw = str(policy)[:_SHORT] or f"no policy at {name}"
    missing = [uri for uri in wanted.reports("rua") if uri not in policy.readable("rua")]
    if missing:
        fix = f"add {', '.join(missing)} as rua to {name}"
        has = "without" if policy["rua"] else "no rua, but"
        saw = f"{saw}: {has} what mail_dmarc_reports asks for"
        yield DMARC_REPORTS.warning(domain, saw, fix)
    elif not any(policy.reports(tag) for tag in _TAGS):
        if "rua=" in policy.ignored:
            fix = f"name an address in rua of {name}, or remove it"
            yield DMARC_REPORTS.warning(domain, f"{saw}: rua is empty", fix)
        else:
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
        if not _is_related(domain, target, world):
            return _of_consent(domain, target, saw, world)
    except UnansweredError as problem:
        fix = "make the resolver answer, and verify again"
        return DMARC_REPORTS.unknown(domain, f"{saw}: {problem}", fix)
    except MailError as problem:
        return DMARC_REPORTS.warning(domain, saw, str(problem)[:_SHORT])
    return DMARC_REPORTS.ok(domain, f"{saw}: in {domain}'s own organization, and receives mail")


def _is_related(domain: str, target: str, world: World) -> bool:
    """Tell whether two domains have one organizational domain."""
    walk = texts(world.names)
    if domain == target:
        return True
    return organizational_domain(domain, walk) == organizational_domain(target, walk)


def _of_consent(domain: str, target: str, saw: str, world: World) -> Finding:
    name = consent_name(domain, target)
    texts = [text for text in world.names.lookup(name, "TXT") if is_policy(text)]
    if not texts:
        saw = f"{saw}: no TXT v=DMARC1 at {name}, so no reports are sent there"
        fix = f'publish TXT "v=DMARC1" at {name}, or name another address'
        return DMARC_REPORTS.warning(domain, saw, fix)
    # RFC 9990 section 4: a consent may name another address, but at the same host only.
    uris = [uri for text in texts for uri in _receivers_of(text)]
    if others := [uri for uri in uris if mail_domain(uri) != target]:
        saw = f"{saw}: {name} leads to {others[0][:_SHORT]}, so no reports are sent to either"
        return DMARC_REPORTS.warning(domain, saw, f"remove {others[0][:_SHORT]} from {name}")
    return DMARC_REPORTS.ok(domain, f"{saw}: {name} says v=DMARC1")


def _receivers_of(text: str) -> tuple[str, ...]:
    with suppress(MailError):  # such as a wrong p, which counts for nothing in a consent
        return Dmarc.parse(text).readable("rua")
    return ()


def _receives_mail(domain: str, world: World) -> bool:
    """Tell whether a domain has an MX record other than ".", or an address."""
    if values := world.names.lookup(domain, "MX"):
        return any(map(exchange, values))
    return bool(addresses(world.names, domain))
