"""Address records: the A and AAAA records of each mail host, on every authoritative server."""

from collections.abc import Iterable
from functools import partial

from ..core.finding import Check, Finding
from ..core.inspection import per_host, together
from ..core.target import CheckedHost
from ..core.world import Answer, World
from .query import RecordQuery, per_server

ADDRESS = Check(
    "dns.address",
    "host",
    "Do the A and AAAA records of the host's name hold its addresses?",
    "RFC 5321 section 5.1",
    why="An MX record names a host. Without the host's addresses mail waits, and is then returned.",
    remedy="Publish the A and AAAA records that `mail_addresses` lists, or correct the list.",
)


@per_host(ADDRESS, anywhere=True)
def addresses(host: CheckedHost, world: World) -> Iterable[Finding]:
    """Check the address records of a host on every authoritative server."""
    queries = []
    for rdtype, version in (("A", 4), ("AAAA", 6)):
        wanted = {str(address) for address in host.addresses if address.version == version}
        make_finding = partial(finding, host, rdtype, wanted)
        queries.append(
            RecordQuery(
                ADDRESS,
                host.inventory_name,
                host.hostname,
                rdtype,
                make_finding,
                tuple(sorted(wanted)),
            )
        )
    return together(partial(per_server, query, world) for query in queries)


def finding(host: CheckedHost, rdtype: str, wanted: set[str], answer: Answer) -> Finding:
    """Return the finding about a server's A or AAAA records."""
    name, found = host.inventory_name, set(answer.values)
    values = ", ".join(answer.values) or "nothing"
    saw = f"{answer.server}: {host.hostname} {rdtype} {values}"
    if missing := sorted(wanted - found):
        fix = f"publish {rdtype} of {host.hostname}: {', '.join(missing)}"
        return ADDRESS.error(name, saw, fix)
    if others := sorted(found - wanted):
        fix = f"add {', '.join(others)} to mail_addresses, or remove it from {host.hostname}"
        return ADDRESS.error(name, saw, fix)
    return ADDRESS.ok(name, saw) if found else ADDRESS.not_applicable(name, saw)
