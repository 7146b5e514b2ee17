"""
SPF policies as they are published (RFC 7208): one, readable, with an end for all other senders.

The result for each address that sends is another check, `dns.spf_senders`.
"""

from collections.abc import Iterable
from functools import partial

from ...mail.errors import MailError
from ...mail.spf import MAX_OCTETS, VERSION, Spf, is_policy, name_of
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
        "error, and receivers then refuse the domain's own mail."
    ),
    remedy="Publish exactly one TXT record that begins with `v=spf1` and ends in `-all` or `~all`.",
)
_END = "-all, or ~all while you are not sure which servers send"


@per_domain(SPF, anywhere=True, sending=True)
def policies(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Check the SPF policy of a domain on every authoritative server."""
    make_finding = partial(finding, domain)
    query = RecordQuery(SPF, domain, domain, "TXT", make_finding, concerns=is_policy)
    return per_server(query, world)


def finding(domain: str, answer: Answer) -> Finding:
    """Return the finding about a server's SPF policy."""
    policies = [value for value in answer.values if is_policy(value)]
    if len(policies) != 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {domain} start with {VERSION}"
        return SPF.error(domain, saw, f"publish exactly one {VERSION} policy at {domain}")
    saw = f"{answer.server}: {policies[0][:MAX_OCTETS]}"
    try:
        return _of_policy(domain, saw, Spf.parse(policies[0]))
    except MailError as problem:
        fix = f"correct the TXT record at {domain}: {problem}"
        return SPF.error(domain, saw, fix[: 2 * MAX_OCTETS])


def _of_policy(domain: str, saw: str, found: Spf) -> Finding:
    if found.all.lower() in ("all", "+all"):
        return SPF.error(domain, f"{saw} ends in +all: every server passes", f"write {_END}")
    if not found.all and "redirect" not in map(name_of, found.terms):
        saw = f"{saw} has no all: the result for other senders is neutral"
        return SPF.warning(domain, saw, f"end it in {_END}")
    if found.all.startswith("?"):
        return SPF.warning(domain, f"{saw} ends in ?all (neutral)", f"write {_END}")
    if "ptr" in map(name_of, found.terms):
        fix = "name the hosts by mx, a, ip4: or ip6: (RFC 7208 section 5.5)"
        return SPF.warning(domain, f"{saw} has ptr, which is slow and often ignored", fix)
    if found.ignored:
        fix = f"move {' '.join(found.ignored)} before {found.all}, or remove it"
        return SPF.warning(domain, f"{saw} has terms after {found.all}, which are ignored", fix)
    return SPF.ok(domain, saw)
