"""
MX records judged: whether they name the hosts that take mail, and each leads to an address.

The target of an MX record is a name that has addresses of its own: no address literal, and no alias
(RFC 5321 section 5.1, RFC 2181 section 10.3). A lone `0 .` says that a domain takes no mail (RFC
7505); beside others it means nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from ..core.finding import Check, Finding
from ..core.world import Answer, UnansweredError, side_by_side

MX = Check(
    "dns.mx",
    "domain",
    "Does the domain name its mail hosts, by names that lead to addresses?",
    "RFC 5321 section 5.1",
    why=(
        "Senders go where the MX records lead. A name server that answers otherwise sends part of "
        "the mail elsewhere, and a record that leads nowhere keeps it waiting."
    ),
    remedy="Publish MX records for the hosts of the inventory, the same on every name server.",
)
MOST = 20  # names that are looked up, a bound on what a stranger's records can make us ask
_HERE = "localhost"

Lookup = Callable[[str, str], tuple[str, ...]]


@dataclass(frozen=True)
class Exchanges:
    """The hosts that a domain's MX records shall name; of a foreign one nobody else is amiss."""

    domain: str
    hosts: frozenset[str]
    lookup: Lookup
    foreign: bool = False

    def judged(self, answer: Answer) -> Finding:
        """Judge a server's MX records."""
        named = {value.split()[-1].removesuffix(".").lower() for value in answer.values}
        saw = f"{answer.server}: {', '.join(answer.values[:MOST]) or 'nothing'}"
        hosts = ", ".join(sorted(self.hosts))
        if "" in named:
            fix = f"publish MX records of {self.domain} for {hosts} alone"
            return MX.error(self.domain, f"{saw} {_NO_MAIL}", fix)
        if missing := sorted(self.hosts - named):
            fix = f"publish MX records of {self.domain} for {', '.join(missing)}"
            return MX.error(self.domain, saw, fix)
        return self._leading(saw, named)

    def _leading(self, saw: str, named: Collection[str]) -> Finding:
        asked = sorted(named)[:MOST]
        try:
            found = side_by_side(partial(_fault, name, self.lookup) for name in asked)
        except UnansweredError as problem:
            fix = "let the name servers of every MX host answer, or take it out of the MX records"
            return MX.unknown(self.domain, f"{saw}: {problem}", fix)
        if faults := [fault for fault in found if fault]:
            fix = "let every MX record lead to a name that has addresses of its own, or remove it"
            return MX.error(self.domain, f"{saw}: {'; '.join(faults)}", fix)
        strangers = sorted(set(named) - self.hosts)
        if strangers and not self.foreign:
            fix = f"remove {', '.join(strangers)} from the MX records unless another is meant"
            return MX.info(self.domain, saw, fix)
        return MX.ok(self.domain, saw)


def _fault(name: str, lookup: Lookup) -> str:
    """Return why mail cannot go to a name that an MX record leads to, if it cannot."""
    if _is_address(name):
        return f"{name} is an address, where a name has to be"
    if f".{name}".endswith((f".{_HERE}", f".{_HERE}.localdomain")):
        return f"{name} is whoever asks"
    if alias := lookup(name, "CNAME"):
        return f"{name} is an alias of {alias[0]}"
    if not any(lookup(name, rdtype) for rdtype in ("A", "AAAA")):
        return f"leads to {name}, which has no address"
    return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]").removeprefix("ipv6:"))
    except ValueError:
        return False
    return True


_NO_MAIL = 'says by "." that the domain takes no mail (null MX, RFC 7505)'
