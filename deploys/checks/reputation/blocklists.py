"""
Entries of hosts and domains in blocklists (RFC 5782).

A list can refuse the resolver, or list every name. So its test points are asked as well: one entry
that it always has, and one that it never has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ...run.threads import in_parallel
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.target import Scope, helo_names
from ..core.world import UnansweredError, World
from . import is_reserved
from .dnsbl import LISTED_IPV6, REFUSALS, UNLISTED_IPV6, Blocklist, blocklists

BLOCKLISTS = Check(
    "reputation.blocklists",
    "host",
    "Are the host's addresses on no blocklist?",
    "RFC 5782",
    why="Many receivers refuse mail from a listed address, whatever the mail is.",
    remedy="Find the unwanted mail from the address, stop it, then ask the list to remove it.",
)
DOMAIN_LISTS = Check(
    "reputation.domain_lists",
    "domain",
    "Is the domain on no blocklist?",
    "RFC 5782 section 4",
    why="Filters look for listed domains in senders and in links, and refuse mail with them.",
    remedy="Find unwanted mail or pages of the domain, stop them, then ask the list to remove it.",
)
_ANSWERS = ip_network("127.0.0.0/8")


@dataclass(frozen=True)
class _Entry:
    """An address or domain: its name in findings, and its name in a list."""

    check: Check
    subject: str
    name: str
    label: str
    ipv6: bool = False


@per_fleet(BLOCKLISTS, DOMAIN_LISTS, anywhere=True)
def entries(scope: Scope, world: World) -> Iterator[Finding]:
    """Ask every list for every address and domain that it could contain."""
    lists = blocklists(scope.verification.blocklists, world.names)
    calls = []
    for host in scope.hosts:
        for address in helo_names(host):
            entry = _of_address(host.inventory_name, address)
            fit = [one for one in lists if one.of == "addresses" and one.ipv6 >= entry.ipv6]
            calls.append(partial(_findings, entry, fit, world, public=address.is_global))
    for domain in scope.author_domains:
        entry = _Entry(DOMAIN_LISTS, domain, domain, domain)
        fit = [one for one in lists if one.of == "domains"]
        calls.append(partial(_findings, entry, fit, world, public=not is_reserved(domain)))
    return together(calls)


def _of_address(host: str, address: IPv4Address | IPv6Address) -> _Entry:
    label = address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    return _Entry(BLOCKLISTS, host, f"{host} at {address}", label, address.version > 4)  # noqa: PLR2004


def _findings(
    entry: _Entry, lists: Sequence[Blocklist], world: World, *, public: bool
) -> list[Finding]:
    check = entry.check
    lists = [one for one in lists if public or one.own]
    if not lists and not public:
        saw = f"{entry.name}: not a public name or address, so no public list can contain it"
        return [check.not_applicable(entry.subject, saw)]
    if not lists:
        saw = f"{entry.name}: verify_blocklists names no list"
        return [check.not_applicable(entry.subject, saw)]
    found = in_parallel(lambda one: _problem(entry, one, world), lists)
    clear = [one.zone for one, finding in zip(lists, found, strict=True) if finding is None]
    problems = [finding for finding in found if finding]
    if clear:
        problems.append(check.ok(entry.subject, f"{entry.name}: not listed by {', '.join(clear)}"))
    return problems


def _problem(entry: _Entry, one: Blocklist, world: World) -> Finding | None:
    """Return the problem of an entry or of a list; None if the list does not contain the entry."""
    points = (LISTED_IPV6, UNLISTED_IPV6) if entry.ipv6 else (one.listed, one.unlisted)
    try:
        always, never, answers = in_parallel(
            lambda label: world.names.lookup(f"{label}.{one.zone}", "A"), (*points, entry.label)
        )
    except UnansweredError as problem:
        return _unknown(entry, one, str(problem))
    if why := _unreliable(points, always, never, answers):
        return _unknown(entry, one, why)
    if not answers:
        return None
    reasons = ", ".join(one.codes.get(answer, answer) for answer in answers)
    fix = f"find the unwanted mail and stop it; then ask {one.delisting or one.zone} to remove it"
    saw = f"{entry.name}: listed by {one.zone}: {reasons}"
    return entry.check.error(entry.subject, saw, fix)


def _unreliable(
    points: tuple[str, str],
    always: tuple[str, ...],
    never: tuple[str, ...],
    answers: tuple[str, ...],
) -> str:
    """Return the reason why a list cannot be trusted, nothing if it can."""
    received = (*always, *never, *answers)
    if refused := [REFUSALS[answer] for answer in received if answer in REFUSALS]:
        return refused[0]
    if foreign := [answer for answer in received if not _is_code(answer)]:
        return f"{foreign[0]} is no answer of a blocklist; another server answers"
    if not always:
        return f"it does not list its test point {points[0]}"
    return f"it lists {points[1]}, which no list may contain" if never else ""


def _unknown(entry: _Entry, one: Blocklist, why: str) -> Finding:
    fix = "use a resolver of your own (mail_resolvers), or remove the list from verify_blocklists"
    return entry.check.unknown(entry.subject, f"{entry.name}: {one.zone} has no answer: {why}", fix)


def _is_code(answer: str) -> bool:
    try:
        return ip_address(answer) in _ANSWERS
    except ValueError:
        return False
