"""
SRV (RFC 6186, RFC 8314): whether mail programs find where the users of a domain send and read mail.

What the inventory wants has to be on every authoritative server. Whoever is led elsewhere by the
records of the domain is led there on purpose: `deploys/site.py` leaves those as they are. Wherever
a record leads, something has to answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from ...mail import srv
from ...mail.settings.model import Fleet
from ...mail.srv import NOWHERE, Srv
from ..clients.srv_targets import Place, reached
from ..core.finding import Check, Finding
from ..core.world import Answer, UnansweredError, World, side_by_side
from .query import Inquiry, inquire

SRV = Check(
    "dns.srv",
    "domain",
    "Do mail programs find where the users of the domain send and read mail?",
    "RFC 6186 section 3, RFC 8314 section 5.1",
    why=(
        "A mail program that knows nothing but the address asks for these records. Without them "
        "its user has to guess, and where one leads to a closed port, waits in vain."
    ),
    remedy=(
        "Publish the SRV records that the finding quotes, and let them lead to ports that speak "
        "TLS; `0 0 0 .` says that a service is not offered."
    ),
)
MOST = 8  # places of a service that are tried, a bound on a stranger's records


@dataclass(frozen=True)
class Service:
    """A service of a domain, and the records that it shall have; any will do if there are none."""

    domain: str
    name: str
    wanted: tuple[Srv, ...] = ()

    @property
    def record(self) -> str:
        """Return the name of its records."""
        return srv.record_name(self.name, self.domain)

    def judged(self, answer: Answer) -> Finding:
        """Judge a server's records."""
        found = set(map(_place, answer.values))
        saw = f"{answer.server}: {self.record} SRV {', '.join(answer.values[:MOST]) or 'nothing'}"
        missing = [one for one in self.wanted if one.place not in found]
        if missing and found - {NOWHERE.place} and len(missing) == len(self.wanted):
            return self._elsewhere(saw)
        if missing:
            records = ", ".join(f"{self.record} SRV {one}" for one in missing)
            return SRV.error(self.domain, saw, f"publish: {records}")
        if found == {NOWHERE.place}:
            saw = f"{saw} (not offered)"
        return SRV.ok(self.domain, saw if found else f"{saw}, and nothing is wanted")

    def _elsewhere(self, saw: str) -> Finding:
        if self.wanted == (NOWHERE,):
            return SRV.ok(self.domain, f"{saw}, which is not a host of the inventory")
        wanted = ", ".join(map(str, self.wanted))
        saw = f"{saw}, where no host of the inventory is"
        return SRV.warning(self.domain, saw, f"add or write {wanted}, if they send from there")


def services(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every authoritative server for every service, and every place whether it answers."""
    asked = [one for domain in fleet.domains for one in _of_domain(domain, fleet)]
    for findings in side_by_side(partial(_published, one, world) for one in asked):
        yield from findings
    led = list(zip(asked, side_by_side(partial(_places, one, world) for one in asked), strict=True))
    # What domains share is tried once.
    places = tuple(dict.fromkeys(place for _, found in led for place in found))
    tried = side_by_side(partial(reached, SRV, place, world) for place in places)
    outcomes = dict(zip(places, tried, strict=True))
    for service, found in led:
        yield from _about(service.domain, (one for place in found for one in outcomes[place]))


def _of_domain(domain: str, fleet: Fleet) -> Iterator[Service]:
    hosts = [one.hostname for one in fleet.hosts_for(domain) if domain in one.account_domains]
    for name in srv.SERVICES:
        yield Service(domain, name, srv.places(name, hosts))


def _published(service: Service, world: World) -> list[Finding]:
    inquiry = Inquiry(SRV, service.domain, service.record, "SRV", service.judged)
    return inquire(world, inquiry)


def _places(service: Service, world: World) -> list[Place]:
    """Return where mail programs are led; whom nobody answers is told of above."""
    try:
        found = {_place(value) for value in world.names.lookup(service.record, "SRV")}
    except UnansweredError:
        return []
    led = sorted(found - {NOWHERE.place})[:MOST]
    return [Place(service.name, target.removesuffix("."), port) for target, port in led]


def _place(value: str) -> tuple[str, int]:
    # RFC 2782: it is the target that says that there is no service, whatever the port.
    found = Srv.parse(value)
    return NOWHERE.place if found.target == NOWHERE.target else found.place


def _about(domain: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield replace(finding, subject=domain)
