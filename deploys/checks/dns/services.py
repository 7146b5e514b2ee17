"""
SRV records (RFC 6186, RFC 8314, MS-OXDISCO): mail programs find a domain's servers with them.

The records of the inventory have to be on every authoritative server. Records that lead to other
hosts are kept, as a run does not change them. Every server of a record has to answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from ...mail import srv
from ...mail.settings.fleet.hand_over import homes_of
from ...mail.settings.model import MailSettings
from ...mail.srv import NOT_OFFERED, Srv
from ...mail.units import HTTPS_PORT
from ...run.threads import in_parallel
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.target import Scope, autoconfig_sites, demanding
from ..core.world import Answer, UnansweredError, World
from .query import RecordQuery, per_server
from .srv_targets import SrvTarget, connections

SRV = Check(
    "dns.srv",
    "domain",
    "Do the SRV records lead mail programs to servers that answer?",
    "RFC 6186 section 3, RFC 8314 section 5.1, MS-OXDISCO",
    why=(
        "A mail program that knows only the address looks up these records. Without them its user "
        "has to guess; if one leads to a closed port, the program fails."
    ),
    remedy=(
        "Publish the SRV records in the finding, for ports that offer TLS; `0 0 0 .` says that a "
        "service is not offered."
    ),
)
MOST = 8  # targets of a service that are tried, a bound on foreign records


@dataclass(frozen=True)
class SrvService:
    """A service of a domain, and the records that it has to have; without any, all are accepted."""

    domain: str
    name: str
    wanted: tuple[Srv, ...] = ()

    @property
    def record(self) -> str:
        """Return the name of its records."""
        return srv.record_name(self.name, self.domain)

    def finding(self, answer: Answer) -> Finding:
        """Return the finding about a server's records."""
        found = set(map(_place, answer.values))
        saw = f"{answer.server}: {self.record} SRV {', '.join(answer.values[:MOST]) or 'nothing'}"
        missing = [one for one in self.wanted if one.endpoint not in found]
        if missing and found - {NOT_OFFERED.endpoint} and len(missing) == len(self.wanted):
            return self._elsewhere(saw)
        if missing:
            records = ", ".join(f"{self.record} SRV {one}" for one in missing)
            return SRV.error(self.domain, saw, f"publish: {records}")
        if found == {NOT_OFFERED.endpoint}:
            saw = f"{saw} (not offered)"
        if not found:
            return SRV.not_applicable(self.domain, f"{saw}; the inventory demands none")
        return SRV.ok(self.domain, saw)

    def _elsewhere(self, saw: str) -> Finding:
        if self.wanted == (NOT_OFFERED,):
            return SRV.ok(self.domain, f"{saw}: not a host of the inventory")
        wanted = ", ".join(map(str, self.wanted))
        saw = f"{saw}: no host of the inventory"
        return SRV.warning(
            self.domain, saw, f"publish {wanted}, unless mail programs are to use the others"
        )


@per_fleet(SRV, anywhere=True)
def services(scope: Scope, world: World) -> Iterable[Finding]:
    """Check the records of every service, and connect to every server in them."""
    wanted = [one for domain in scope.domains for one in _of_domain(domain, scope)]
    yield from together(partial(_records, one, world) for one in wanted)
    found_targets = in_parallel(lambda one: _targets(one, world), wanted)
    targets = dict(zip(wanted, found_targets, strict=True))
    # Domains share targets; each is tried once.
    distinct = tuple(dict.fromkeys(target for found in targets.values() for target in found))
    findings = in_parallel(lambda one: connections(SRV, one, world), distinct)
    outcomes = dict(zip(distinct, findings, strict=True))
    for service, found in targets.items():
        for target in found:
            yield from (replace(one, subject=service.domain) for one in outcomes[target])


def _of_domain(domain: str, scope: Scope) -> list[SrvService]:
    hosts = demanding(scope, domain)
    if len(homes_of(domain, hosts)) > 1:
        hosts = ()
    names = [host.hostname for host in hosts if domain in host.account_domains]
    readers = [host for host in hosts if domain in host.mailbox_domains]
    sites = dict.fromkeys(site.outlook_name for site in autoconfig_sites(scope, domain))
    outlook = tuple(Srv.at(name, HTTPS_PORT) for name in sites)
    return [
        *(
            SrvService(domain, name, srv.records(name, names, _offering(name, readers)))
            for name in srv.SERVICES
        ),
        SrvService(domain, srv.AUTODISCOVER, outlook),
    ]


def _offering(service: str, hosts: Iterable[MailSettings]) -> list[str]:
    return [host.hostname for host in hosts if service in host.mailbox_services]


def _records(service: SrvService, world: World) -> list[Finding]:
    return per_server(
        RecordQuery(
            SRV,
            service.domain,
            service.record,
            "SRV",
            service.finding,
            tuple(map(str, service.wanted)),
        ),
        world,
    )


def _targets(service: SrvService, world: World) -> list[SrvTarget]:
    """Return the targets of a service; none without an answer, which `_records` reports."""
    try:
        found = {_place(value) for value in world.names.lookup(service.record, "SRV")}
    except UnansweredError:
        return []
    targets = sorted(found - {NOT_OFFERED.endpoint})[:MOST]
    return [SrvTarget(service.name, name.removesuffix("."), port) for name, port in targets]


def _place(value: str) -> tuple[str, int]:
    # RFC 2782: the target "." says that there is no service, whatever the port.
    found = Srv.parse(value)
    return NOT_OFFERED.endpoint if found.target == NOT_OFFERED.target else found.endpoint
