"""
Name servers of a zone (RFC 1034 section 4.2, RFC 2182): all have the zone, in the same copy.

Resolvers ask any of the servers in the delegation, then any in the zone's own NS records, at any
address. So each has to answer with authority, the two lists have to be equal, and the serials of
the SOA records show if all have the same copy (RFC 1035 section 3.3.13).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from ...run.threads import in_parallel
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope
from ..core.world import Answer, Delegation, World

SERVERS = Check(
    "dns.servers",
    "domain",
    "Do all name servers of the zone answer with authority, and with the same copy of it?",
    "RFC 1034 section 4.2; RFC 2182",
    why=(
        "Resolvers ask any of them. A server without the zone, or with an old copy, gives some "
        "senders wrong answers, or makes them wait."
    ),
    remedy=(
        "Load the zone on the server in the finding, or remove the server from the delegation and "
        "from the NS records; transfer changes to every server; make the two lists equal."
    ),
    when_unknown="register the domain, and delegate it to name servers that answer",
)
Answers = Mapping[str, tuple[Answer, ...]]  # by server


@per_domain(SERVERS, anywhere=True, sending=True)
def servers(domain: str, _scope: Scope, world: World) -> Iterable[Finding]:
    """Ask every server of a domain's zone for its SOA and NS records."""
    parent = world.names.delegation(domain)
    if "." not in parent.zone and domain != parent.zone:
        fix = f"register {domain}, and delegate it to the name servers of its provider"
        saw = f"{domain} is not delegated: the nearest zone is {parent.zone or 'the root'}"
        return [SERVERS.error(domain, saw, fix)]
    first = _answers(parent.servers, parent.zone, "NS", world)
    own = sorted({_plain(value) for answer in _all(first) for value in answer.values})
    names = sorted({*parent.servers, *own})
    serials = _answers(names, parent.zone, "SOA", world)
    reached = {_family(answer) for answer in _all(serials) if not answer.problem}
    return [
        *(
            finding
            for server, answers in serials.items()
            for finding in _authority(domain, server, answers, reached)
        ),
        *_same_serial(domain, serials),
        *_same_servers(domain, parent, own),
        *_enough(domain, names),
    ]


def _answers(servers: Collection[str], zone: str, rdtype: str, world: World) -> Answers:
    answers = in_parallel(lambda server: world.names.answers_of(server, zone, rdtype), servers)
    return dict(zip(servers, answers, strict=True))


def _authority(
    domain: str, server: str, answers: tuple[Answer, ...], reached: set[str]
) -> Iterator[Finding]:
    if not answers:
        fix = f"check the address records of {server}, and verify from a network that reaches them"
        saw = f"{server}: it has no address that can be reached from here"
        yield SERVERS.unknown(domain, saw, fix)
    fix = f"load the zone on {server}, or remove it from the delegation and the NS records"
    for answer in answers:
        family = _family(answer)
        if answer.silent and family not in reached:
            saw = f"{answer.server}: {answer.problem}; no server answered over {family}"
            yield SERVERS.unknown(domain, saw, f"verify from a network that has {family}")
        elif answer.problem:
            yield SERVERS.error(domain, f"{answer.server} is lame: {answer.problem}", fix)
        elif not answer.values:
            saw = f"{answer.server} is lame: it has no SOA record of the zone"
            yield SERVERS.error(domain, saw, fix)


def _family(answer: Answer) -> str:
    return "IPv6" if ":" in answer.server else "IPv4"


def _same_serial(domain: str, answers: Answers) -> Iterator[Finding]:
    serials = {answer.server: _serial(answer) for answer in _all(answers) if answer.values}
    if len(set(serials.values())) > 1:
        saw = ", ".join(f"{server} has serial {serial}" for server, serial in serials.items())
        fix = "wait for the zone transfers; if the difference stays, check NOTIFY and AXFR"
        yield SERVERS.warning(domain, saw, fix)
    elif serials:
        serial = next(iter(serials.values()))
        yield SERVERS.ok(domain, f"{', '.join(serials)}: serial {serial}")


def _same_servers(domain: str, parent: Delegation, own: Collection[str]) -> Iterator[Finding]:
    delegated = ", ".join(sorted(parent.servers))
    if own and set(own) != set(parent.servers):
        saw = f"{parent.zone} is delegated to {delegated}, but its NS records are {', '.join(own)}"
        yield SERVERS.warning(domain, saw, "make the delegation and the NS records equal")
    elif own:
        saw = f"{parent.zone} is delegated to {delegated}, as in its NS records"
        yield SERVERS.ok(domain, saw)


def _enough(domain: str, names: list[str]) -> Iterator[Finding]:
    if len(names) == 1:
        saw = f"{names[0]} is the only name server"
        fix = "add a second one on another network: while the only one is down, mail waits"
        yield SERVERS.info(domain, saw, fix)


def _all(answers: Answers) -> Iterator[Answer]:
    return (answer for group in answers.values() for answer in group)


def _serial(answer: Answer) -> str:
    return answer.values[0].split()[2]


def _plain(name: str) -> str:
    return name.removesuffix(".").lower()
