"""
SPF policies as they are published (RFC 7208): one, readable, with an end for all other senders.

The result for each address that sends is another check, `dns.spf_senders`.
"""

from collections.abc import Iterable, Iterator
from functools import cache, partial

from ...dns.lookups import no_lookup
from ...mail.errors import MailError
from ...mail.spf import MAX_OCTETS, VERSION, Spf, is_misspelt, is_policy
from ...mail.spf_cost import Cost, cost
from ...mail.spf_evaluation import SpfLookup
from ..clients.spf_evaluation import or_none
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import Answer, World
from .query import RecordQuery, per_server

SPF = Check(
    "dns.spf",
    "domain",
    "Is there exactly one SPF policy, which receivers can read and which excludes other senders?",
    "RFC 7208 section 4.5",
    why=(
        "Without a policy any server passes for the domain. Two policies, or a broken one, are an "
        "error, and receivers then refuse the domain's own mail. A broken include is the same "
        "error for every sender that no earlier term matches."
    ),
    remedy=(
        "Publish exactly one TXT record that begins with `v=spf1` and ends in `-all` or `~all`; "
        "include only names that have a policy."
    ),
)
_LONGEST = 2 * MAX_OCTETS  # characters of a sentence about a foreign policy
_END = "-all, or ~all while you are not sure which servers send"


@per_domain(SPF, anywhere=True, sending=True)
def policies(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Check the SPF policy of a domain on every authoritative server."""
    lookup = cache(or_none(world.names.lookup))  # every server has the same includes
    make_finding = partial(finding, domain, lookup=lookup)
    query = RecordQuery(SPF, domain, domain, "TXT", make_finding, concerns=is_policy)
    return per_server(query, world)


def finding(domain: str, answer: Answer, lookup: SpfLookup = no_lookup) -> Finding:
    """Return the finding about a server's SPF policy, and about the policies that it includes."""
    policies = [value for value in answer.values if is_policy(value)]
    if len(policies) != 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {domain} start with {VERSION}"
        if meant := [value for value in answer.values if is_misspelt(value)]:
            saw = f"{saw} and a space, and receivers ignore {meant[0][:MAX_OCTETS]!r}"
        return SPF.error(domain, saw, f"publish exactly one {VERSION} policy at {domain}")
    saw = f"{answer.server}: {policies[0][:MAX_OCTETS]}"
    try:
        found = Spf.parse(policies[0])
    except MailError as problem:
        fix = f"correct the TXT record at {domain}: {problem}"
        return SPF.error(domain, saw, fix[:_LONGEST])
    return _of_policy(domain, saw, found, cost(found, domain, lookup))


def _of_policy(domain: str, saw: str, found: Spf, whole: Cost) -> Finding:
    if whole.faults:
        saw = f"{saw}: {', '.join(whole.faults)}"
        fix = "correct or remove this: every sender that no earlier term matches gets permerror"
        return SPF.error(domain, saw[:_LONGEST], fix)
    if found.all.lower() in ("all", "+all"):
        return SPF.error(domain, f"{saw} ends in +all: every server passes", f"write {_END}")
    for weakness, fix in _weaknesses(found, whole):
        return SPF.warning(domain, f"{saw} {weakness}", fix[:_LONGEST])
    return SPF.ok(domain, saw)


def _weaknesses(found: Spf, whole: Cost) -> Iterator[tuple[str, str]]:
    """Yield what makes a policy weak, each with its remedy; the worst first."""
    if costly := whole.excess or whole.gaps:
        yield "costs more lookups than receivers make", costly
    if not found.all and not found.redirect:
        yield "has no all: the result for other senders is neutral", f"end it in {_END}"
    if found.all.startswith("?"):
        yield "ends in ?all (neutral)", f"write {_END}"
    if "ptr" in {term.name for term in found.tried}:
        fix = "name the hosts by mx, a, ip4: or ip6: (RFC 7208 section 5.5)"
        yield "has ptr, which is slow and often ignored", fix
    if found.ignored:
        fix = f"move {' '.join(found.ignored)} before {found.all}, or remove it"
        yield f"has terms after {found.all}, which are ignored", fix
    if found.all and any(term.name == "redirect" for term in found.parsed):
        fix = f"remove redirect= or {found.all} (RFC 7208 section 6.1)"
        yield f"has redirect= beside {found.all}, and receivers ignore it", fix
    if len(str(found)) > MAX_OCTETS:
        fix = f"shorten it to {MAX_OCTETS} octets (RFC 7208 section 3.4)"
        yield f"has {len(str(found))} octets, more than every DNS path carries", fix
