"""
DMARC's reports: whether those who are to get them can, and have said that they want them.

Receivers of mail send reports to another organisation only if its zone says, for this domain or by
a wildcard for all, that they are welcome (RFC 7489 section 7.1).
"""

from collections.abc import Iterator
from functools import partial

from ...mail.dmarc import Dmarc, consent, is_policy, receiver
from ...mail.errors import MailError
from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding, Severity
from ..core.world import UnansweredError, World, addresses, side_by_side

DMARC_REPORTS = Check(
    "dns.dmarc_reports",
    "domain",
    "Do DMARC's reports reach those who are to get them?",
    "RFC 7489 section 7.1",
    why="Reports that another domain has not authorised are not sent, and nobody is told of it.",
    remedy=(
        'Let the other domain publish TXT "v=DMARC1" at `<domain>._report._dmarc.<its name>`, or '
        "name addresses of your own."
    ),
    worst=Severity.WARNING,
)
_TAGS = ("rua", "ruf")
_MOST = 2  # section 6.2: receivers may ignore what comes after two URIs
_BOUND = 10  # URIs, a bound on what a stranger's record can make us ask
_SHORT = 200  # characters of what a stranger says


def authorised(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask for the consent of everybody whom a domain's policy names."""
    for findings in side_by_side(partial(_of_domain, one, fleet, world) for one in fleet.domains):
        yield from findings


def _of_domain(domain: str, fleet: Fleet, world: World) -> list[Finding]:
    hosts = fleet.hosts_for(domain)
    wanted = tuple(dict.fromkeys(one for host in hosts for one in host.dmarc_reports))
    try:
        policy = _policy(f"_dmarc.{domain}", world)
    except (UnansweredError, MailError) as problem:
        return [DMARC_REPORTS.unknown(domain, str(problem)[:_SHORT], "mend dns.dmarc first")]
    uris = dict.fromkeys(uri for tag in _TAGS for uri in policy.reports(tag))
    calls = (partial(_of_uri, domain, uri, world) for uri in list(uris)[:_BOUND])
    return [*_counted(domain, policy, wanted), *side_by_side(calls)]


def _policy(name: str, world: World) -> Dmarc:
    """Return a name's policy, empty without one; raise UnansweredError or MailError."""
    # Not a resolver, which may know the policy of before this run.
    answers = [one for one in world.names.authoritative(name, "TXT") if not one.problem]
    policies = [value for value in (answers[0].values if answers else ()) if is_policy(value)]
    if answers and not policies:
        return Dmarc(())
    if len(policies) == 1:
        return Dmarc.parse(policies[0])
    raise UnansweredError(f"not asked: {len(policies)} policies at {name}")


def _counted(domain: str, policy: Dmarc, wanted: tuple[str, ...]) -> Iterator[Finding]:
    saw = str(policy)[:_SHORT] or f"no policy at _dmarc.{domain}"
    if not policy.reports("rua"):
        if wanted:
            fix = f"add {dict(Dmarc.of('none', wanted).tags)['rua']} as rua to _dmarc.{domain}"
            yield DMARC_REPORTS.warning(domain, f"{saw}: no rua, and reports are asked for", fix)
        elif not policy.reports("ruf"):
            yield DMARC_REPORTS.ok(domain, f"{saw}: no reports, and none asked for")
    for tag in _TAGS:
        if (count := len(policy.reports(tag))) > _MOST:
            fix = f"name the {_MOST} that matter first: receivers may ignore the others"
            yield DMARC_REPORTS.info(domain, f"{saw}: {count} URIs in {tag}", fix)


def _of_uri(domain: str, uri: str, world: World) -> Finding:
    saw = uri[:_SHORT]
    try:
        target = receiver(uri)
        if not _exists(target, world):
            fix = f"name another address in _dmarc.{domain}, or give {target} an MX record"
            return DMARC_REPORTS.warning(domain, f"{saw}: {target} takes no mail", fix)
        for name in consent(domain, (f"@{target}",)):
            if not any(map(is_policy, world.names.lookup(name, "TXT"))):
                saw = f"{saw}: {name} does not say v=DMARC1, so no reports are sent there"
                fix = f'let {target} publish TXT "v=DMARC1" at {name}, or name another address'
                return DMARC_REPORTS.warning(domain, saw, fix)
            return DMARC_REPORTS.ok(domain, f"{saw}: {name} says v=DMARC1")
    except MailError as problem:
        return DMARC_REPORTS.warning(domain, saw, str(problem)[:_SHORT])
    except UnansweredError as problem:
        return DMARC_REPORTS.unknown(domain, f"{saw}: {problem}", "let a resolver answer")
    return DMARC_REPORTS.ok(domain, f"{saw}: of {domain}'s own organisation, and takes mail")


def _exists(domain: str, world: World) -> bool:
    """Tell whether a domain takes mail, by an MX record other than "." or by its address."""
    if exchanges := world.names.lookup(domain, "MX"):
        return any(value.split()[-1] != "." for value in exchanges)
    return bool(addresses(world.names, domain))
