"""
Blocklists: whether others refuse a host or a domain before it has said a word (RFC 5782).

A list that does not answer a resolver, or answers anything with yes, would say nothing true. So its
test points are asked first: one entry that it always has, and one that it never has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.target import Scope
from ..core.world import UnansweredError, World, side_by_side
from . import is_reserved
from .lists import LISTED_IPV6, REFUSALS, UNLISTED_IPV6, Blocklist, chosen

BLOCKLISTS = Check(
    "reputation.blocklists",
    "host",
    "Is none of the host's addresses on a blocklist?",
    "RFC 5782",
    why="Many receivers refuse mail from a listed address, whatever the mail is.",
    remedy="Find what was sent from the address, stop it, then ask the list to take it out.",
)
DOMAIN_LISTS = Check(
    "reputation.domain_lists",
    "domain",
    "Is the domain on no blocklist?",
    "RFC 5782 section 4",
    why="Filters look for listed domains in senders and in links, and refuse mail with them.",
    remedy="Find what was sent in the domain's name, or stood on its site; then ask the list.",
)
_ANSWERS = ip_network("127.0.0.0/8")


@dataclass(frozen=True)
class _Case:
    """What is looked for in lists: as people write it, and as the lists do."""

    check: Check
    subject: str
    name: str
    entry: str
    ipv6: bool = False


@per_fleet(BLOCKLISTS, DOMAIN_LISTS, anywhere=True)
def entries(scope: Scope, world: World) -> Iterable[Finding]:
    """Ask every list about every address and domain that it could hold."""
    lists = chosen(scope.verification.blocklists, world.names)
    calls = []
    for host in scope.hosts:
        for address in host.addresses:
            case = _of_address(host.inventory_name, address)
            asked = [one for one in lists if one.of == "addresses" and one.ipv6 >= case.ipv6]
            calls.append(partial(_judged, case, asked, world, public=address.is_global))
    for domain in scope.domains:
        case = _Case(DOMAIN_LISTS, domain, domain, domain)
        asked = [one for one in lists if one.of == "domains"]
        calls.append(partial(_judged, case, asked, world, public=not is_reserved(domain)))
    return together(calls)


def _of_address(host: str, address: IPv4Address | IPv6Address) -> _Case:
    entry = address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    return _Case(BLOCKLISTS, host, f"{host} at {address}", entry, address.version > 4)  # noqa: PLR2004


def _judged(
    case: _Case, lists: Sequence[Blocklist], world: World, *, public: bool
) -> list[Finding]:
    say = case.check
    lists = [one for one in lists if public or one.own]
    if not lists and not public:
        saw = f"{case.name}: not a public name or address, so no public list can hold it"
        return [say.ok(case.subject, saw)]
    if not lists:
        return [say.ok(case.subject, f"{case.name}: no list is to be asked")]
    found = side_by_side(partial(_asked, case, one, world) for one in lists)
    clear = [one.zone for one, finding in zip(lists, found, strict=True) if finding is None]
    wrong = [finding for finding in found if finding]
    if clear:
        wrong.append(say.ok(case.subject, f"{case.name}: not listed by {', '.join(clear)}"))
    return wrong


def _asked(case: _Case, one: Blocklist, world: World) -> Finding | None:
    """Return what is wrong with an entry, or with a list; None if the list does not hold it."""
    points = (LISTED_IPV6, UNLISTED_IPV6) if case.ipv6 else (one.listed, one.unlisted)
    try:
        always, never, answers = side_by_side(
            partial(world.names.lookup, f"{entry}.{one.zone}", "A")
            for entry in (*points, case.entry)
        )
    except UnansweredError as problem:
        return _unknown(case, one, str(problem))
    if why := _unreliable(points, always, never, answers):
        return _unknown(case, one, why)
    if not answers:
        return None
    reasons = ", ".join(one.codes.get(answer, answer) for answer in answers)
    fix = f"find what was sent and stop it; then ask {one.removal or one.zone} to take it out"
    saw = f"{case.name}: listed by {one.zone}: {reasons}"
    return case.check.error(case.subject, saw, fix)


def _unreliable(
    points: tuple[str, str],
    always: tuple[str, ...],
    never: tuple[str, ...],
    answers: tuple[str, ...],
) -> str:
    """Return why a list is not to be believed, nothing if it is."""
    said = (*always, *never, *answers)
    if refused := [REFUSALS[answer] for answer in said if answer in REFUSALS]:
        return refused[0]
    if strange := [answer for answer in said if not _is_code(answer)]:
        return f"{strange[0]} is no answer of a list; somebody else answers"
    if not always:
        return f"it does not hold its test point {points[0]}"
    return f"it holds {points[1]}, which no list may hold" if never else ""


def _unknown(case: _Case, one: Blocklist, why: str) -> Finding:
    fix = "ask by a resolver of your own (mail_resolvers), or leave it out of verify_blocklists"
    return case.check.unknown(case.subject, f"{case.name}: {one.zone} says nothing: {why}", fix)


def _is_code(answer: str) -> bool:
    try:
        return ip_address(answer) in _ANSWERS
    except ValueError:
        return False
