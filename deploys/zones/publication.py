"""
All zones of a fleet: planned, published and waited for together.

What goes wrong in one zone is one sentence about that zone, and it stops the hosts that need the
zone; the others go on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from deploys.mail import dkim
from deploys.mail.errors import MailError
from deploys.mail.records import Facts, MailRecord, records_for
from deploys.mail.settings import Fleet, MailSettings
from deploys.zones.changes import Change, listed
from deploys.zones.following import follow
from deploys.zones.lookups import lookup_by
from deploys.zones.placing import Atlas
from deploys.zones.plan import ZonePlan, apply, plan
from deploys.zones.provider import Provider, UnreachableError

Configuration = Mapping[str, Any]
RecordsOf = Callable[[Fleet, Collection[str], Facts | None], Iterable[MailRecord]]
OWNERS = "others"  # the zones that others publish, and only lead the names of keys to us


class Publication:
    """The plans of a fleet's zones, and what became of them."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.plans: list[ZonePlan] = []
        self.failures: dict[str, set[str]] = {}
        self.notes: list[str] = []
        self.written: set[str] = set()

    @property
    def changes(self) -> list[Change]:
        """Every change of every zone."""
        return [change for zone in self.plans for change in zone.changes]

    def failures_of(self, host: MailSettings) -> list[str]:
        """Return why a host, or a domain that it serves, is not published."""
        own = {*host.published_names, *dkim.homes(host)}
        return [sentence for sentence, names in self.failures.items() if own & names]

    def plan(self, provider: Provider, records: Collection[MailRecord]) -> None:
        """Plan every zone of a provider that one of the records belongs into."""
        zones: dict[str, list[MailRecord]] = {}
        lookup = lookup_by(self._resolvers())
        with self.noting(_names(records)):
            atlas = Atlas(provider, _names(records))
            for record in records:
                with self.noting({record.name}, but=UnreachableError):
                    if zone := self._zone(atlas, record):
                        zones.setdefault(zone, []).append(record)
            left = [f"{one.type} {one.name}" for one in zones.pop(OWNERS, ())]
            self.notes += [f"left to the owner of the zone: {listed(left)}"] if left else []
            for zone, members in zones.items():
                with self.noting(_names(members), but=UnreachableError):
                    self.plans.append(plan(provider, zone, members, lookup))
                    self.notes += self.plans[-1].notes

    def _zone(self, atlas: Atlas, record: MailRecord) -> str | None:
        """Return the zone of a record, and OWNERS of one that its domain's owner publishes."""
        try:
            return atlas.zone(record.name)
        except UnreachableError:
            raise
        except MailError:
            if any(map(partial(_below, record.name), self._leading)):
                return OWNERS
            raise

    @property
    def _leading(self) -> set[str]:
        """Return the domains whose zone leads the names of keys to a zone of ours."""
        pairs = ((host, name) for host in self.fleet.hosts for name in dkim.signing_domains(host))
        return {name for host, name in pairs if dkim.zone_of_keys(host, name)}

    def publish(self) -> None:
        """Write the changes, and wait until every name server answers with what is planned."""
        applied = []
        for zone in self.plans:
            with self.noting(zone.names):
                if apply(zone):
                    self.written.add(zone.zone)
                applied.append(zone)
        self._wait([zone for zone in applied if zone.expected])

    def _wait(self, plans: Sequence[ZonePlan]) -> None:
        seconds = max(host.dns_timeout for host in self.fleet.hosts)
        followed = follow(plans, self._resolvers(), seconds)
        for zone in plans:
            if sentence := followed.failures.get(zone.zone):
                self.failures.setdefault(sentence, set()).update(zone.names)
        self.notes += followed.notes

    def _resolvers(self) -> tuple[IPv4Address | IPv6Address, ...]:
        return tuple(dict.fromkeys(a for host in self.fleet.hosts for a in host.resolvers))

    @contextmanager
    def noting(
        self, names: Iterable[str], but: tuple[type[Exception], ...] | type[Exception] = ()
    ) -> Iterator[None]:
        """Note a mistake under the names that it concerns, and go on."""
        try:
            yield
        except but:
            raise
        except MailError as error:
            self.failures.setdefault(str(error), set()).update(names)


def by_configuration(
    fleet: Fleet,
    ready: Collection[str],
    facts: Facts | None = None,
    records_of: RecordsOf = records_for,
) -> list[tuple[Configuration, list[MailRecord]]]:
    """Return the records of a fleet by the `mail_dns` through which they are published."""
    chosen = _chosen(fleet)
    groups: list[tuple[Configuration, list[MailRecord]]] = []
    for record in records_of(fleet, ready, facts):
        configuration = _covering(record.name, chosen)
        members = next((members for known, members in groups if known == configuration), None)
        if members is not None:
            members.append(record)
        elif configuration is not None:
            groups.append((configuration, [record]))
    return groups


def _chosen(fleet: Fleet) -> dict[str, Configuration | None]:
    chosen: dict[str, Configuration | None] = {}
    for host in fleet.hosts:
        for name in host.published_names:
            if chosen.setdefault(name, host.dns) != host.dns:
                raise MailError(
                    f"{name} is published through a different mail_dns by each of its hosts; "
                    "give them the same one"
                )
    return chosen


def _covering(name: str, chosen: Mapping[str, Configuration | None]) -> Configuration | None:
    """Return what was chosen for a name of the fleet, for a record at it or below it."""
    while name not in chosen:
        name = name.partition(".")[2]
    return chosen[name]


def _below(name: str, domain: str) -> bool:
    return f".{name}".endswith(f".{domain}")


def _names(records: Iterable[MailRecord]) -> set[str]:
    return {record.name for record in records}
