"""
MX records (RFC 5321 section 5.1): they name the hosts that receive mail, and these have addresses.

The target of an MX record is a name with addresses of its own: not an address literal, and not an
alias (RFC 2181 section 10.3). A single `0 .` says that a domain receives no mail (RFC 7505); next
to other MX records it has no meaning.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from ...dns.answer import exchange
from ...mail.records import exchange_of
from ...run.threads import in_parallel
from ..core.finding import Check, Finding
from ..core.inspection import per_domain
from ..core.target import Scope, TargetDomain, demanding
from ..core.world import Answer, NameLookup, UnansweredError, World
from .query import RecordQuery, per_server

MX = Check(
    "dns.mx",
    "domain",
    "Do the MX records name the domain's mail hosts, and do these have addresses?",
    "RFC 5321 section 5.1",
    why=(
        "Senders go where the MX records lead. A name server with other records sends part of the "
        "mail elsewhere, and mail to a name without an address waits."
    ),
    remedy="Publish MX records for the hosts of the inventory, the same on every name server.",
)
MOST = 20  # names that are looked up, a bound on the queries that foreign records can cause
_LOCALHOST = "localhost"


@per_domain(MX, anywhere=True)
def exchanges(domain: str, scope: Scope, world: World) -> Iterable[Finding]:
    """Check the MX records of a domain on every authoritative server."""
    hosts = frozenset(host.hostname for host in scope.hosts_for(domain))
    target = isinstance(scope, TargetDomain)
    own = demanding(scope, domain)
    beside = frozenset(name for host in own for name in host.mx_beside)
    wanted = Exchanges(domain, hosts, world.names.lookup, target, beside)
    expected = tuple(sorted(exchange_of(host, domain) for host in own))
    return per_server(RecordQuery(MX, domain, domain, "MX", wanted.finding, expected), world)


@dataclass(frozen=True)
class Exchanges:
    """The hosts that a domain's MX records have to name; a target's may name others as well.

    Servers of others `beside` them are intended.
    """

    domain: str
    hosts: frozenset[str]
    lookup: NameLookup
    target: bool = False
    beside: frozenset[str] = frozenset()

    def finding(self, answer: Answer) -> Finding:
        """Return the finding about a server's MX records."""
        named = set(map(exchange, answer.values))
        saw = f"{answer.server}: {', '.join(answer.values[:MOST]) or 'nothing'}"
        hosts = ", ".join(sorted(self.hosts))
        if "" in named:
            saw = f'{saw}: "." says that the domain receives no mail (null MX, RFC 7505)'
            return MX.error(
                self.domain, saw, f"publish MX records of {self.domain} only for {hosts}"
            )
        if missing := sorted(self.hosts - named):
            fix = f"publish MX records of {self.domain} for {', '.join(missing)}"
            return MX.error(self.domain, saw, fix)
        return self._of_targets(saw, named)

    def _of_targets(self, saw: str, named: Collection[str]) -> Finding:
        try:
            found = in_parallel(lambda name: _fault(name, self.lookup), sorted(named)[:MOST])
        except UnansweredError as problem:
            fix = "make the name servers of every MX target answer, or remove its MX record"
            return MX.unknown(self.domain, f"{saw}: {problem}", fix)
        if faults := [fault for fault in found if fault]:
            fix = "point every MX record at a name that has addresses of its own, or remove it"
            return MX.error(self.domain, f"{saw}: {'; '.join(faults)}", fix)
        others = sorted(set(named) - self.hosts - self.beside)
        if others and not self.target:
            fix = (
                f"remove {', '.join(others)} from the MX records, or write mail_mx_beside if it is "
                "intended"
            )
            return MX.info(self.domain, f"{saw}: not all are hosts of the inventory", fix)
        return MX.ok(self.domain, saw)


def _fault(name: str, lookup: NameLookup) -> str:
    """Return why mail cannot go to the target of an MX record, or nothing."""
    if _is_address(name):
        return f"{name} is an address, and has to be a name"
    if f".{name}".endswith((f".{_LOCALHOST}", f".{_LOCALHOST}.localdomain")):
        return f"{name} is the sender's own machine"
    if alias := lookup(name, "CNAME"):
        return f"{name} is an alias of {alias[0]}"
    if not any(lookup(name, rdtype) for rdtype in ("A", "AAAA")):
        return f"{name} has no address"
    return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]").removeprefix("ipv6:"))
    except ValueError:
        return False
    return True
