"""
All zones of a fleet: planned, published and waited for together.

What goes wrong in one zone is one sentence about that zone, and it stops the hosts that need the
zone; the others go on.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address

import dns.resolver

from ..dns.authority import finder, servers, zone_of
from ..dns.lookups import lookup_by
from ..mail.errors import MailError
from ..mail.records import MailRecord
from ..mail.settings import dkim_keys
from ..mail.settings.model import Fleet, MailSettings
from .apply import apply
from .backup import Saves
from .limits import Limits
from .model.changes import RecordChange, listed
from .orphans import leaving, marked
from .ownership.foreign import OWNERS, zone_of_record
from .ownership.scope import NOBODY, Claim
from .plan import ZonePlan, plan
from .propagation.delegation import obstacles
from .propagation.follow import follow
from .providers.provider import Provider, UnreachableError
from .providers.zone_index import Atlas


class Publication:
    """The plans of a fleet's zones, and what became of them."""

    def __init__(self, fleet: Fleet, saves: Saves, claim: Claim = NOBODY) -> None:
        self.fleet = fleet
        self.saves = saves
        self.claim = claim
        self.plans: list[ZonePlan] = []
        self.refused: list[ZonePlan] = []
        self.listed: list[tuple[Provider, Collection[str] | None]] = []
        self.failures: dict[str, set[str]] = {}
        self.notes: list[str] = []
        self.written: set[str] = set()

    @property
    def changes(self) -> list[RecordChange]:
        """Every change of every zone, those too that go too far."""
        return [change for zone in (*self.plans, *self.refused) for change in zone.changes]

    @property
    def by_hand(self) -> list[RecordChange]:
        """Every change that somebody has to make by hand."""
        return [one for zone in self.plans if zone.provider.by_hand for one in zone.changes]

    def failures_of(self, host: MailSettings) -> list[str]:
        """Return why a host, or a domain that it serves, is not published."""
        own, everybody = _names_of(host), set().union(*map(_names_of, self.fleet.hosts))
        return [
            sentence
            for sentence, names in self.failures.items()
            if own & names or not everybody & names  # what is nobody's is told to all
        ]

    def plan(self, provider: Provider, records: Collection[MailRecord]) -> None:
        """Plan every zone of a provider that one of the records belongs into."""
        if provider.by_hand:
            self._plan_by_hand(provider, records)
            return
        zones: dict[str, list[MailRecord]] = {}
        lookup = lookup_by(self._resolvers())
        with self.noting(_names(records)):
            atlas = Atlas(provider, _names(records))
            self.listed.append((provider, atlas.listed))
            for record in records:
                with self.noting({record.name}, but=UnreachableError):
                    if zone := zone_of_record(atlas, self.fleet, record):
                        zones.setdefault(zone, []).append(record)
            left = [f"{one.type} {one.name}" for one in zones.pop(OWNERS, ())]
            self.notes += [f"left to the owner of the zone: {listed(left)}"] if left else []
            for zone, members in zones.items():
                with self.noting(_names(members), but=UnreachableError):
                    self._limited(plan(provider, zone, members, self.claim, lookup))
            self._warn(provider)

    def leave(self) -> None:
        """Plan to leave the zones that hold what is ours and nothing that mail needs any more."""
        if self.claim.whole and not self.failures:
            for provider, there in self.listed:
                with self.noting(()):
                    for zone in self._left(provider, there):
                        for planned in leaving(provider, zone, self.claim):
                            self._limited(planned)

    def _plan_by_hand(self, provider: Provider, records: Iterable[MailRecord]) -> None:
        """Plan zones of which we only know what their name servers answer."""
        zones: dict[str, list[MailRecord]] = {}
        ask = self._resolver()
        # A pointer is written by whoever gave the address, which need not be the zone's owner.
        for record in (one for one in records if one.type != "PTR"):
            with self.noting({record.name}):
                zones.setdefault(zone_of(record.name, ask), []).append(record)
        for zone, members in zones.items():
            with self.noting(_names(members)):
                provider.octodns.look(zone, servers(zone, ask), members)
                self.add(plan(provider, zone, members))

    def add(self, planned: ZonePlan) -> None:
        """Take in a plan that is meant as it is."""
        self.notes += planned.notes
        self.plans.append(planned)

    def _limited(self, planned: ZonePlan) -> None:
        """Take in a plan, if it stays within the limits."""
        try:
            Limits.of(self.fleet).refuse(planned.zone, planned.changes)
        except MailError as error:
            self.refused.append(planned)
            self.failures[str(error)] = set(planned.names)
        else:
            self.add(planned)

    def _left(self, provider: Provider, there: Collection[str] | None) -> Collection[str]:
        """Return the zones of a provider in which nothing is needed and something may be ours."""
        known = self.saves.zones(provider.name) if there is None else there
        others = {zone for zone in known if zone and zone not in self.claim.needed}
        return others if there is None else marked(others, self.claim, self._resolver())

    def _warn(self, provider: Provider) -> None:
        """Note in the plan what would make the changes of a provider's zones unseen."""
        ask = self._resolver()
        plans = (zone for zone in self.plans if zone.provider is provider)
        changing = [zone for zone in plans if zone.changes and zone.expected]
        self.notes += obstacles(
            [zone.published for zone in changing], lambda zone: servers(zone, ask)
        )

    def publish(self) -> None:
        """Write the changes, and wait until every name server answers with what is planned."""
        applied = []
        for zone in self.plans:
            with self.noting(zone.names):
                if apply(zone, self.saves.keep):
                    self.written.add(zone.zone)
                applied.append(zone)
        self._wait([zone for zone in applied if zone.expected])

    def _wait(self, plans: Sequence[ZonePlan]) -> None:
        seconds = max(host.dns_timeout for host in self.fleet.hosts)
        followed = follow([zone.published for zone in plans], self._resolvers(), seconds)
        for zone in plans:
            if sentence := followed.failures.get(zone.zone):
                self.failures.setdefault(sentence, set()).update(zone.names)
        self.notes += followed.notes

    def _resolver(self) -> dns.resolver.Resolver:
        return finder(self._resolvers())

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


def _names(records: Iterable[MailRecord]) -> set[str]:
    return {record.name for record in records}


def _names_of(host: MailSettings) -> set[str]:
    return {*host.published_names, *dkim_keys.txt_names(host)}
