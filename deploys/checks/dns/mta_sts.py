"""
MTA-STS as a sender meets it (RFC 8461): the record that announces a policy, and the policy.

The record is asked of every authoritative server, the policy of every address of its name, as
senders take any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ...mail.errors import MailError
from ...mail.mta_sts import (
    DAY,
    PATH,
    Mode,
    Policy,
    announced_id,
    is_announcement,
    is_ours,
    record_name,
)
from ...mail.settings.model import Fleet
from ..clients.https_document import Visit, visited
from ..core.finding import Check, Finding
from ..core.world import Answer, Page, UnansweredError, World, side_by_side
from .query import Inquiry, inquire

MTA_STS = Check(
    "dns.mta_sts",
    "domain",
    "Does a policy demand TLS of senders, and name every mail host?",
    "RFC 8461",
    why=(
        "Without a policy that senders can fetch, nobody is held to TLS. One in `enforce` that "
        "misses a host keeps mail away from it."
    ),
    remedy="Run `deploys/site.py`, which serves and announces the policy that `mail_mta_sts` asks.",
)
_PUBLISH = "run deploys/site.py, which announces the policy once it answers"
_FOUND = 200
_SHORT, _LONG = 200, 400  # characters of what a stranger says, and of what to do about it


@dataclass(frozen=True)
class Expected:
    """What a domain's policy has to be: the inventory's mode, if it says any, for its MX hosts."""

    domain: str
    mode: Mode | None
    exchanges: tuple[str, ...]


def published(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask for the record and the policy of every domain."""
    for findings in side_by_side(partial(_of_domain, one, fleet, world) for one in fleet.domains):
        yield from findings


def _of_domain(domain: str, fleet: Fleet, world: World) -> list[Finding]:
    name = record_name(domain)
    wanted = None if fleet.foreign else fleet.hosts_for(domain)[0].mta_sts
    judge = partial(announced, domain, wanted)
    findings = inquire(world, Inquiry(MTA_STS, domain, name, "TXT", judge))
    try:
        answers = world.names.authoritative(name, "TXT")
    except UnansweredError:
        return findings
    known = [one for answer in answers for one in answer.values if is_announcement(one)]
    if wanted in (None, "none") and not known:
        return findings
    if wanted == "none" and not any(map(is_ours, known)):
        wanted = None  # somebody else serves it, and the inventory does not say that it may not
    try:
        expected = Expected(domain, wanted, _exchanges(domain, world))
        url = f"https://mta-sts.{domain}{PATH}"
        visit = Visit(MTA_STS, domain, url, f"let it be served; {_PUBLISH}")
        return [*findings, *visited(visit, partial(served, expected), world)]
    except UnansweredError as problem:
        return [*findings, MTA_STS.unknown(domain, str(problem), "let a resolver answer")]


def _exchanges(domain: str, world: World) -> tuple[str, ...]:
    values = world.names.lookup(domain, "MX") or (domain,)
    names = (value.split()[-1].removesuffix(".").lower() for value in values)
    return tuple(filter(None, names))  # the name of a null MX is empty (RFC 7505)


def announced(domain: str, wanted: Mode | None, answer: Answer) -> Finding:
    """Judge a server's TXT records at the name of the announcement."""
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
    if wanted in (None, "none"):
        return MTA_STS.ok(domain, f"{answer.server}: no policy, and none is asked for")
    saw = (
        f"{answer.server}: no TXT record at {name} announces a policy, and {wanted!r} is asked for"
    )
    return MTA_STS.error(domain, saw, _PUBLISH)


def served(expected: Expected, address: str, page: Page) -> Finding:
    """Judge what an address answers with where the policy should be."""
    domain, where = expected.domain, f"https://mta-sts.{expected.domain}{PATH} at {address}"
    if (page.status, page.kind) != (_FOUND, "text/plain"):
        saw = f"{where} answers with status {page.status}, {page.kind[:_SHORT] or 'no type'}"
        return MTA_STS.error(domain, saw, "let it answer with status 200 and type text/plain")
    try:
        policy = Policy.parse(page.text)
    except MailError as problem:
        fix = f"correct it: {problem}"
        return MTA_STS.error(domain, f"{where} is no policy", fix[:_LONG])
    saw = f"{where}: {policy.mode} for {policy.max_age} s"
    if expected.mode not in (None, policy.mode):
        return _otherwise(expected, policy.mode, saw)
    missing = [name for name in expected.exchanges if not policy.names(name)]
    if policy.mode != "none" and missing:
        answer = MTA_STS.error if policy.mode == "enforce" else MTA_STS.warning
        fix = "add a line 'mx: ...' for each to the policy, or take them out of the MX records"
        return answer(domain, f"{saw}, without {', '.join(missing)[:_SHORT]}", fix)
    if policy.mode != "none" and policy.max_age < DAY:
        fix = f"let max_age be at least {DAY}, and weeks in enforce (RFC 8461 section 3.2)"
        return MTA_STS.warning(domain, f"{saw}, which protects hardly longer than none", fix)
    return MTA_STS.ok(domain, f"{saw}, names {', '.join(policy.mx)[:_SHORT] or 'nobody'}")


def _otherwise(expected: Expected, mode: Mode, saw: str) -> Finding:
    saw = f"{saw}, and {expected.mode!r} is asked for"
    if (mode, expected.mode) == ("testing", "enforce"):  # how every policy begins
        fix = "run deploys/site.py again: it says what it waits for"
        return MTA_STS.warning(expected.domain, saw, fix)
    return MTA_STS.error(expected.domain, saw, _PUBLISH)
