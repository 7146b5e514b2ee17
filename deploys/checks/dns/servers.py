"""
Name servers (RFC 1034 section 4.2, RFC 2182): who serves a zone, and whether they agree.

Resolvers ask any of the servers that the zone above refers to, and then any that the zone itself
names, at any address. So each has to answer with authority, the two lists have to be the same, and
the serial of the SOA record shows whether all have the same copy (RFC 1035 section 3.3.13).
"""

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from ..core.world import Answer, Delegation, UnansweredError, World, side_by_side

SERVERS = Check(
    "dns.servers",
    "domain",
    "Do all name servers of the zone answer with authority, and with the same copy of it?",
    "RFC 1034 section 4.2; RFC 2182",
    why=(
        "Resolvers ask any of them. One that does not have the zone, or an old copy, answers part "
        "of the world otherwise, or makes it wait."
    ),
    remedy=(
        "Load the zone on the server that is named, or take it out of the delegation and of the "
        "NS records; let changes reach every server; have the two lists agree."
    ),
)
Said = Mapping[str, tuple[Answer, ...]]  # by server


def agree(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every server of the zone of every domain for its SOA and NS records."""
    for findings in side_by_side(partial(_of_domain, domain, world) for domain in fleet.domains):
        yield from findings


def _of_domain(domain: str, world: World) -> list[Finding]:
    try:
        above = world.names.delegation(domain)
    except UnansweredError as problem:
        fix = f"register {domain}, and have it delegated to name servers that answer"
        return [SERVERS.unknown(domain, str(problem), fix)]
    if "." not in above.zone and domain != above.zone:
        fix = f"register {domain}, and have it delegated to the name servers of its provider"
        saw = f"{domain} is not delegated: the nearest zone is {above.zone or 'the root'}"
        return [SERVERS.error(domain, saw, fix)]
    first = _asked(above.servers, above.zone, "NS", world)
    own = sorted({_plain(value) for answer in _all(first) for value in answer.values})
    servers = sorted({*above.servers, *own})
    serials = _asked(servers, above.zone, "SOA", world)
    reached = {_family(answer) for answer in _all(serials) if not answer.problem}
    return [
        *(
            finding
            for server, said in serials.items()
            for finding in _answering(domain, server, said, reached)
        ),
        *_same_serial(domain, serials),
        *_same_servers(domain, above, own),
        *_enough(domain, servers),
    ]


def _asked(servers: Collection[str], zone: str, rdtype: str, world: World) -> Said:
    calls = (partial(world.names.served, server, zone, rdtype) for server in servers)
    return dict(zip(servers, side_by_side(calls), strict=True))


def _answering(
    domain: str, server: str, said: tuple[Answer, ...], reached: set[str]
) -> Iterator[Finding]:
    if not said:
        fix = f"ask from where the addresses of {server} are routed, and let its name be looked up"
        saw = f"{server}: it has no address that can be reached from here"
        yield SERVERS.unknown(domain, saw, fix)
    fix = f"load the zone on {server}, or take it out of the delegation and the NS records"
    for answer in said:
        if answer.silent and _family(answer) not in reached:
            saw = f"{answer.server}: {answer.problem}; nothing answered over {_family(answer)}"
            yield SERVERS.unknown(domain, saw, f"ask from where {_family(answer)} is routed")
        elif answer.problem:
            yield SERVERS.error(domain, f"{answer.server} is lame: {answer.problem}", fix)
        elif not answer.values:
            saw = f"{answer.server} is lame: it has no SOA record of the zone"
            yield SERVERS.error(domain, saw, fix)


def _family(answer: Answer) -> str:
    return "IPv6" if ":" in answer.server else "IPv4"


def _same_serial(domain: str, said: Said) -> Iterator[Finding]:
    serials = {answer.server: _serial(answer) for answer in _all(said) if answer.values}
    if len(set(serials.values())) > 1:
        saw = ", ".join(f"{server} has serial {serial}" for server, serial in serials.items())
        fix = "wait for the transfer to all servers; if it lasts, see why they do not get NOTIFY"
        yield SERVERS.warning(domain, saw, fix)
    elif serials:
        serial = next(iter(serials.values()))
        yield SERVERS.ok(domain, f"{', '.join(serials)}: serial {serial}")


def _same_servers(domain: str, above: Delegation, own: Collection[str]) -> Iterator[Finding]:
    parents = ", ".join(sorted(above.servers))
    if own and set(own) != set(above.servers):
        saw = f"{above.zone} is delegated to {parents}, while it names {', '.join(own)} itself"
        yield SERVERS.warning(domain, saw, "make the delegation and the NS records the same")
    elif own:
        yield SERVERS.ok(domain, f"{above.zone} is delegated to {parents}, as it says itself")


def _enough(domain: str, servers: list[str]) -> Iterator[Finding]:
    if len(servers) == 1:
        saw = f"{servers[0]} is the only name server"
        fix = (
            "add a second one on another network: while this one is down, mail to the domain waits"
        )
        yield SERVERS.info(domain, saw, fix)


def _all(said: Said) -> Iterator[Answer]:
    return (answer for answers in said.values() for answer in answers)


def _serial(answer: Answer) -> str:
    return answer.values[0].split()[2]


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
