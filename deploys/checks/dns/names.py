"""
DNS as the world sees it: every authoritative server, at every address, says where mail goes.

Where it goes (MX), where that is (A and AAAA), who may send (SPF), and what becomes of forgeries
(DMARC). Servers that disagree are found by asking each of them.
"""

from collections.abc import Iterator
from functools import partial

from ...mail.dmarc import Dmarc
from ...mail.errors import MailError
from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding, Severity
from ..core.world import Answer, World, side_by_side
from . import spf
from .mx import MX, Exchanges, Lookup
from .query import Inquiry, inquire
from .spf import SPF

ADDRESS = Check(
    "dns.address",
    "host",
    "Does the host's name lead to its addresses?",
    "RFC 5321 section 5.1",
    why="An MX record names a host; without the host's addresses mail waits until it is returned.",
    remedy="Publish the A and AAAA records that `mail_addresses` lists, or correct the list.",
)
DMARC = Check(
    "dns.dmarc",
    "domain",
    "Is there one policy about forged mail?",
    "RFC 7489 section 6.6.3",
    why=(
        "Receivers treat forged mail as the policy says, and large ones refuse domains without "
        "one. Two policies count as none, and so does one that is broken."
    ),
    remedy="Publish exactly one TXT record that begins with `v=DMARC1` at `_dmarc.` of the domain.",
)

_SHORT, _LONG = 200, 400  # characters of what a stranger says, and of what to do about it


def published(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every authoritative server for what mail needs of every domain and host."""
    inquiries = [
        *(one for domain in fleet.domains for one in _of_domain(domain, fleet, world.names.lookup)),
        *(one for host in fleet.hosts for one in _of_host(host)),
    ]
    for findings in side_by_side(partial(inquire, world, inquiry) for inquiry in inquiries):
        yield from findings


def _of_domain(domain: str, fleet: Fleet, lookup: Lookup) -> Iterator[Inquiry]:
    hosts = frozenset(host.hostname for host in fleet.hosts_for(domain))
    wanted = Exchanges(domain, hosts, lookup, fleet.foreign)
    yield Inquiry(MX, domain, domain, "MX", wanted.judged)
    yield Inquiry(SPF, domain, domain, "TXT", partial(spf.policy, domain))
    policy = f"_dmarc.{domain}"
    yield Inquiry(DMARC, domain, policy, "TXT", partial(forgeries, policy))


def _of_host(host: MailSettings) -> Iterator[Inquiry]:
    for rdtype, version in (("A", 4), ("AAAA", 6)):
        wanted = {str(address) for address in host.addresses if address.version == version}
        judge = partial(addresses, host, rdtype, wanted)
        yield Inquiry(ADDRESS, host.inventory_name, host.hostname, rdtype, judge)


def addresses(host: MailSettings, rdtype: str, wanted: set[str], answer: Answer) -> Finding:
    """Judge a server's A or AAAA records."""
    name, found = host.inventory_name, set(answer.values)
    saw = f"{answer.server}: {host.hostname} {rdtype} {_spoken(answer)}"
    if missing := sorted(wanted - found):
        fix = f"publish {rdtype} of {host.hostname}: {', '.join(missing)}"
        return ADDRESS.error(name, saw, fix)
    if strangers := sorted(found - wanted):
        fix = f"add {', '.join(strangers)} to mail_addresses, or remove it from {host.hostname}"
        return ADDRESS.error(name, saw, fix)
    return ADDRESS.ok(name, saw)


def one_policy(check: Check, name: str, version: str, answer: Answer) -> Finding:
    """Judge whether there is exactly one policy among a server's TXT records."""
    domain = name.removeprefix("_dmarc.")
    policies = [value for value in answer.values if _is_policy(value, version)]
    if len(policies) == 1:
        return check.ok(domain, f"{answer.server}: {policies[0]}")
    saw = f"{answer.server}: {len(policies)} TXT records at {name} start with {version}"
    return check.error(domain, saw, f"publish exactly one {version} policy at {name}")


def forgeries(name: str, answer: Answer) -> Finding:
    """Judge whether a server has one DMARC policy, which every receiver understands."""
    finding = one_policy(DMARC, name, "v=DMARC1", answer)
    if finding.severity is not Severity.OK:
        return finding
    text = next(value for value in answer.values if _is_policy(value, "v=DMARC1"))
    try:
        second = Dmarc.parse(text).tags[1][0]
    except MailError as problem:
        saw, fix = finding.saw[:_SHORT], f"correct the TXT record at {name}: {problem}"
        return DMARC.error(finding.subject, saw, fix[:_LONG])
    if second != "p":
        # RFC 7489 section 6.4: receivers may ignore a policy in which something else comes first.
        fix = f"write p right after v=DMARC1 in the TXT record at {name}"
        return DMARC.error(finding.subject, f"{finding.saw[:_SHORT]}: {second} comes first", fix)
    return finding


def _is_policy(value: str, version: str) -> bool:
    # RFC 7489 section 6.4: the version ends at a semicolon, or at the end.
    rest = value.removeprefix(version)
    return rest != value and rest[:1] in ("", " ", ";")


def _spoken(answer: Answer) -> str:
    return ", ".join(answer.values) or "nothing"
