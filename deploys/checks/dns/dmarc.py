"""DMARC policies (RFC 7489): exactly one, which every receiver can read, and its tags."""

from collections.abc import Iterable
from functools import partial

from ...mail.dmarc import VERSION, Dmarc, is_policy
from ...mail.errors import MailError
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import Answer, UnansweredError, World
from .query import RecordQuery, per_server

DMARC = Check(
    "dns.dmarc",
    "domain",
    "Is there exactly one DMARC policy, which receivers can read?",
    "RFC 7489 section 6.6.3",
    why=(
        "Receivers treat forged mail as the policy says, and large ones refuse domains without a "
        "policy. Two policies count as none, and so does a broken one."
    ),
    remedy="Publish exactly one TXT record that begins with `v=DMARC1` at `_dmarc.` of the domain.",
)
_SHORT, _LONG = 200, 400  # characters of foreign text in a finding, and in its fix


@per_domain(DMARC, anywhere=True, sending=True)
def policies(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Check the DMARC policy of a domain on every authoritative server."""
    name = f"_dmarc.{domain}"
    make_finding = partial(finding, name)
    query = RecordQuery(DMARC, domain, name, "TXT", make_finding, concerns=is_policy)
    return per_server(query, world)


def published(domain: str, world: World) -> Dmarc:
    """Return a domain's policy, without tags if there is none; else raise UnansweredError."""
    name = f"_dmarc.{domain}"
    # Not from a resolver, which may still have the policy of before this run.
    answers = [one for one in world.names.authoritative(name, "TXT") if not one.problem]
    policies = [value for value in (answers[0].values if answers else ()) if is_policy(value)]
    if answers and not policies:
        return Dmarc(())
    if len(policies) != 1:
        raise UnansweredError(f"{len(policies)} policies at {name}")
    try:
        return Dmarc.parse(policies[0])
    except MailError as problem:
        raise UnansweredError(str(problem)[:_SHORT]) from problem


def finding(name: str, answer: Answer) -> Finding:
    """Return the finding about a server's DMARC policy."""
    domain = name.removeprefix("_dmarc.")
    policies = [value for value in answer.values if is_policy(value)]
    if len(policies) != 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {name} start with v={VERSION}"
        return DMARC.error(domain, saw, f"publish exactly one v={VERSION} policy at {name}")
    saw = f"{answer.server}: {policies[0]}"
    try:
        second = Dmarc.parse(policies[0]).tags[1][0]
    except MailError as problem:
        fix = f"correct the TXT record at {name}: {problem}"
        return DMARC.error(domain, saw[:_SHORT], fix[:_LONG])
    if second != "p":
        # RFC 7489 section 6.4: receivers may ignore a policy with another tag in this place.
        fix = f"write p right after v={VERSION} in the TXT record at {name}"
        return DMARC.error(domain, f"{saw[:_SHORT]}: {second} comes first", fix)
    return DMARC.ok(domain, saw)
