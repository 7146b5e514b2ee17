"""
DMARC policies (RFC 9989): exactly one, which every receiver can read, and its tags.

A domain without a policy of its own has that of a name above it, by the tree walk of section 4.10.
"""

from collections.abc import Callable, Iterable
from functools import partial

from ...mail.dmarc import POLICIES, VERSION, Dmarc, is_policy
from ...mail.dmarc_tree import Found, Texts, inherited, record_name
from ...mail.errors import MailError
from ...mail.tags import is_misspelt
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import Answer, Names, UnansweredError, World
from .query import ALL_ANSWER, RecordQuery, discarded, per_server

DMARC = Check(
    "dns.dmarc",
    "domain",
    "Is there exactly one DMARC policy, which receivers can read?",
    "RFC 9989 sections 4.7 to 4.10",
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
    name = record_name(domain)
    make_finding = partial(finding, name, above=partial(inherited, domain, texts(world.names)))
    query = RecordQuery(DMARC, domain, name, "TXT", make_finding, concerns=is_policy)
    return per_server(query, world)


def texts(names: Names) -> Texts:
    """Return the function by which a tree walk asks a resolver."""
    return lambda name: names.lookup(name, "TXT")


def published(domain: str, world: World) -> Found | None:
    """Return the policy for a domain, its own or that of a name above; or UnansweredError."""
    name = record_name(domain)
    # Not from a resolver, which may still have the policy of before this run.
    answers = [one for one in world.names.authoritative(name, "TXT") if not one.problem]
    policies = [value for value in (answers[0].values if answers else ()) if is_policy(value)]
    if answers and not policies:
        return inherited(domain, texts(world.names))
    if len(policies) != 1:
        raise UnansweredError(f"{len(policies)} policies at {name}")
    try:
        return Found(domain, Dmarc.parse(policies[0]))
    except MailError as problem:
        raise UnansweredError(str(problem)[:_SHORT]) from problem


def finding(name: str, answer: Answer, above: Callable[[], Found | None] = lambda: None) -> Finding:
    """Return the finding about a server's DMARC policy; `above` finds that of a name above."""
    domain = name.removeprefix("_dmarc.")
    policies = [value for value in answer.values if is_policy(value)]
    if not policies:
        return discarded(DMARC, domain, name, VERSION, answer) or _of_none(name, answer, above)
    if len(policies) > 1:
        saw = f"{answer.server}: {len(policies)} TXT records at {name} start with v={VERSION}"
        return DMARC.error(domain, saw, f"publish exactly one v={VERSION} policy at {name}")
    saw = f"{answer.server}: {policies[0][:_SHORT]}"
    try:
        policy = Dmarc.parse(policies[0])
    except MailError as problem:
        fix = f"correct the TXT record at {name}: {problem}"
        return DMARC.error(domain, saw, fix[:_LONG])
    others = [one for one in answer.values if one not in policies and is_misspelt(one, VERSION)]
    if others and policy.is_applied:
        saw = f"{saw}; also {others[0][:_SHORT]}, which some receivers count as a second policy"
        return DMARC.warning(domain, saw, f"remove the other TXT record at {name}")
    return _of_tags(name, policy, saw)


def _of_none(name: str, answer: Answer, above: Callable[[], Found | None]) -> Finding:
    domain = name.removeprefix("_dmarc.")
    saw = f"{answer.server}: no v={VERSION} policy at {name}"
    fix = f"publish exactly one v={VERSION} policy at {name}"
    try:
        found = above()
    except UnansweredError as problem:
        return DMARC.unknown(domain, f"{saw}; above it: {problem}", ALL_ANSWER)
    if not found or not found.policy.is_applied:
        return DMARC.error(domain, saw, fix)
    asked = POLICIES[found.step(domain)]
    return DMARC.ok(domain, f"{saw}; that at {record_name(found.domain)} applies and asks {asked}")


def _of_tags(name: str, policy: Dmarc, saw: str) -> Finding:
    """Return the finding about the tags of the one policy of a domain."""
    domain = name.removeprefix("_dmarc.")
    if not policy.is_applied:
        fix = f"add p=none right after v={VERSION} in the TXT record at {name}"
        return DMARC.error(domain, f"{saw}: without p and rua, receivers apply no DMARC", fix)
    if policy.doubt:
        return DMARC.error(domain, f"{saw}: {policy.doubt}"[:_LONG], f"correct {name}")
    if policy.ignored:
        parts = ", ".join(policy.ignored)[:_SHORT]
        fix = f"correct or remove {parts} in the TXT record at {name}"
        return DMARC.warning(domain, f"{saw}: receivers ignore {parts}", fix)
    if not policy["p"]:
        fix = f"write p=none right after v={VERSION} at {name}, which RFC 9989 recommends"
        return DMARC.info(domain, f"{saw}: without p it counts as p=none", fix)
    if policy.is_testing and policy["p"].lower() != POLICIES[0]:
        fix = f"remove t=y from the TXT record at {name} when the reports are good"
        return DMARC.info(domain, f"{saw}: t=y makes it {POLICIES[policy.step]}", fix)
    return DMARC.ok(domain, saw)
