"""
MTA-STS (RFC 8461): the record that announces a policy, and the policy itself.

Every authoritative server is asked for the record, and every address of its name for the policy, as
senders use any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from ...dns.answer import exchange
from ...mail.errors import MailError
from ...mail.mta_sts import (
    DAY,
    VERSION,
    DesiredMode,
    Mode,
    Policy,
    announced_id,
    is_announcement,
    is_ours,
    policy_url,
    record_name,
)
from ...mail.toolkit import SITE
from ..clients.https_document import Document, per_address
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope, demanding
from ..core.world import Answer, Page, UnansweredError, World
from .query import RecordQuery, discarded, per_server

MTA_STS = Check(
    "dns.mta_sts",
    "domain",
    "Does the MTA-STS policy demand TLS from senders, and does it name every mail host?",
    "RFC 8461",
    why=(
        "Without a policy that senders can fetch, they may send in clear text. A policy in "
        "`enforce` that lacks a host keeps mail away from it."
    ),
    remedy=f"Run `{SITE}`, which serves and announces the policy of `mail_mta_sts`.",
    when_unknown="make the resolver answer, and verify again",
)
_PUBLISH = f"run {SITE}, which announces the policy as soon as its server answers"
_SHORT, _LONG = 200, 400  # characters of foreign text in a finding, and in its fix


@dataclass(frozen=True)
class ExpectedPolicy:
    """The policy that a domain should have: the inventory's mode, if any, and its MX hosts."""

    domain: str
    mode: Mode | None
    exchanges: tuple[str, ...]


@per_domain(MTA_STS, anywhere=True)
def policies(domain: str, scope: Scope, world: World) -> Iterator[Finding]:
    """Check the record and the policy of a domain."""
    name = record_name(domain)
    wanted = next((host.mta_sts for host in demanding(scope, domain)), None)
    make_finding = partial(announcement, domain, wanted)
    yield from per_server(
        RecordQuery(MTA_STS, domain, name, "TXT", make_finding, concerns=is_announcement), world
    )
    try:
        answers = world.names.authoritative(name, "TXT")
    except UnansweredError:
        return  # unknown already
    known = [one for answer in answers for one in answer.values if is_announcement(one)]
    if wanted in (None, "none") and not known:
        return
    if wanted == "none" and not any(map(is_ours, known)):
        wanted = None  # another server has the policy, which the inventory does not forbid
    mode = None if wanted == "auto" else wanted
    expected = ExpectedPolicy(domain, mode, _exchanges(domain, world))
    url = policy_url(domain)
    document = Document(MTA_STS, domain, url, f"serve the policy: {_PUBLISH}")
    yield from per_address(document, partial(served, expected), world)


def _exchanges(domain: str, world: World) -> tuple[str, ...]:
    values = world.names.lookup(domain, "MX") or (domain,)
    return tuple(filter(None, map(exchange, values)))


def announcement(domain: str, wanted: DesiredMode | None, answer: Answer) -> Finding:
    """Return the finding about a server's TXT records that announce a policy."""
    name = record_name(domain)
    found = [value for value in answer.values if is_announcement(value)]
    if len(found) > 1:
        saw = f"{answer.server}: {len(found)} TXT records at {name} start with v=STSv1"
        return MTA_STS.error(domain, saw, f"publish exactly one at {name}")
    if found:
        saw = f"{answer.server}: {found[0][:_SHORT]}"
        try:
            announced_id(found[0])
        except MailError as problem:
            fix = f"correct the TXT record at {name}: {problem}"
            return MTA_STS.error(domain, saw, fix[:_LONG])
        return MTA_STS.ok(domain, saw)
    if misspelt := discarded(MTA_STS, domain, name, VERSION, answer):
        return misspelt
    if wanted in (None, "none"):
        saw = f"{answer.server}: no policy, and the inventory demands none"
        return MTA_STS.not_applicable(domain, saw)
    saw = f"{answer.server}: no TXT record at {name}, but mail_mta_sts = {wanted!r}"
    return MTA_STS.error(domain, saw, _PUBLISH)


def served(expected: ExpectedPolicy, address: str, page: Page) -> Finding:
    """Return the finding about the page that an address serves as the policy."""
    domain, where = expected.domain, f"{policy_url(expected.domain)} at {address}"
    if (page.status, page.kind) != (HTTPStatus.OK, "text/plain"):
        saw = f"{where} answers with status {page.status}, {page.kind[:_SHORT] or 'no type'}"
        return MTA_STS.error(domain, saw, "serve it with status 200 and type text/plain")
    try:
        policy = Policy.parse(page.text)
    except MailError as problem:
        fix = f"correct the policy: {problem}"
        return MTA_STS.error(domain, f"{where} is no policy", fix[:_LONG])
    saw = f"{where}: {policy.mode} for {policy.max_age} s"
    if expected.mode not in (None, policy.mode):
        return _other_mode(expected, policy.mode, saw)
    missing = [name for name in expected.exchanges if not policy.names(name)]
    if policy.mode != "none" and missing:
        answer = MTA_STS.error if policy.mode == "enforce" else MTA_STS.warning
        fix = "add a line 'mx: ...' for each to the policy, or remove them from the MX records"
        return answer(domain, f"{saw}, without {', '.join(missing)[:_SHORT]}", fix)
    if policy.mode != "none" and policy.max_age < DAY:
        fix = f"set max_age to at least {DAY} s, and to weeks in enforce (RFC 8461 section 3.2)"
        return MTA_STS.warning(domain, f"{saw}, less than a day", fix)
    return MTA_STS.ok(domain, f"{saw}, names {', '.join(policy.mx)[:_SHORT] or 'no host'}")


def _other_mode(expected: ExpectedPolicy, mode: Mode, saw: str) -> Finding:
    saw = f"{saw}, but mail_mta_sts = {expected.mode!r}"
    if (mode, expected.mode) == ("testing", "enforce"):  # every policy begins so
        fix = f"run {SITE} again: its output says what it waits for"
        return MTA_STS.warning(expected.domain, saw, fix)
    return MTA_STS.error(expected.domain, saw, _PUBLISH)
