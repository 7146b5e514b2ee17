"""
Publication of a fleet's records: all its zones planned, applied and waited for together.

A failure in one zone is one sentence about that zone. It stops the hosts that need the zone; the
others continue.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address

import dns.resolver

from ..dns.authority import NoZoneError, finder, servers, servers_named, zone_of
from ..dns.lookups import lookup_by
from ..mail.errors import MailError
from ..mail.records import MailRecord, challenge_name
from ..mail.settings import dkim_keys
from ..mail.settings.model import Fleet, MailSettings
from ..mail.spf_evaluation import SpfLookup
from .apply import apply
from .backup import Backups
from .comparison import comparisons
from .limits import Limits
from .model.changes import RecordChange, listed
from .orphans import orphan_plans, registered_zones
from .ownership.scope import NO_FLEET, PlanScope
from .plan import ZonePlan, plan
from .propagation.delegation import obstacles
from .propagation.propagation import wait_for_propagation
from .providers.provider import Provider
from .providers.refusal import UnreachableError
from .providers.zone_index import OWNER, ZoneIndex
from .record_list import ListedRecord, listed_records


class Publication:
    """The plans of a fleet's zones, with the failures and notes of their apply."""

    def __init__(self, fleet: Fleet, backups: Backups, scope: PlanScope = NO_FLEET) -> None:
        self.fleet = fleet
        self.backups = backups
        self.scope = scope
        self.plans: list[ZonePlan] = []
        self.refused: list[ZonePlan] = []
        self.listings: list[tuple[Provider, Collection[str] | None]] = []
        self.failures: dict[str, set[str]] = {}
        self.notes: list[str] = []
        self.written: set[str] = set()

    @property
    def changes(self) -> list[RecordChange]:
        """Every change of every zone, including those that exceed a limit."""
        return [change for zone in (*self.plans, *self.refused) for change in zone.changes]

    @property
    def by_hand(self) -> list[ListedRecord]:
        """Every record that the operator must publish by hand."""
        plans = [zone for zone in self.plans if zone.provider.by_hand]
        return [one for zone in plans for one in listed_records(zone.zone, zone.changes)]

    @property
    def seconds(self) -> float:
        """Seconds to wait for name servers and caches."""
        return max(host.dns_timeout for host in self.fleet.hosts)

    def failures_of(self, host: MailSettings) -> list[str]:
        """Return the failures that concern a host or a domain that it serves."""
        own, every = _names_of(host), set().union(*map(_names_of, self.fleet.hosts))
        return [
            sentence
            for sentence, names in self.failures.items()
            if own & names or not every & names  # a failure of no host's concerns all
        ]

    def plan(self, provider: Provider, records: Collection[MailRecord]) -> None:
        """Plan every zone of a provider that one of the records belongs to."""
        if provider.by_hand:
            self._plan_by_hand(provider, records)
            return
        zones: dict[str, list[MailRecord]] = {}
        lookup = self._lookup()
        with self.failures_noted(_names(records)):
            index = ZoneIndex(provider, _names(records))
            self.listings.append((provider, index.listing))
            for record in records:
                with self.failures_noted({record.name}, unless=UnreachableError):
                    if zone := index.zone_of(self.fleet, record):
                        zones.setdefault(zone, []).append(record)
            if sets := [f"{one.type} {one.name}" for one in zones.pop(OWNER, ())]:
                self.notes.append(f"left to the owner of the zone: {listed(sets)}")
            planned: list[tuple[ZonePlan, list[MailRecord]]] = []
            try:
                for zone, members in zones.items():
                    with self.failures_noted(_names(members), unless=UnreachableError):
                        made = plan(provider, zone, members, self.scope, lookup)
                        planned.append((made, members))
            finally:  # the zones before an unreachable provider
                self._add_compared(planned)
            self._warn(provider)

    def _lookup(self) -> SpfLookup:
        """Return a lookup in the DNS that knows the fleet's hosts, which may be new there."""
        ask = lookup_by(self._resolver_addresses())
        known = {
            (host.hostname, record_type): tuple(
                str(address) for address in host.addresses if address.version == version
            )
            for host in self.fleet.hosts
            for record_type, version in (("A", 4), ("AAAA", 6))
        }

        def lookup(name: str, record_type: str) -> tuple[str, ...] | None:
            addresses = known.get((name, record_type))
            return ask(name, record_type) if addresses is None else addresses

        return lookup

    def plan_orphans(self) -> None:
        """Plan to delete our records from zones that mail no longer needs."""
        if self.scope.whole and not self.failures:
            for provider, listing in self.listings:
                with self.failures_noted(()):
                    for zone in self._orphaned(provider, listing):
                        for planned in orphan_plans(provider, zone, self.scope):
                            self._add_limited(planned)

    def _plan_by_hand(self, provider: Provider, records: Iterable[MailRecord]) -> None:
        """Plan zones that are read from their name servers and written by the operator."""
        zones: dict[str, list[MailRecord]] = {}
        unknown: dict[str, set[str]] = {}
        resolver, lookup = self._resolver(), self._lookup()
        # The network's owner writes pointers, and need not own the zone.
        for record in (one for one in records if one.type != "PTR"):
            try:
                with self.failures_noted({record.name}, unless=NoZoneError):
                    zones.setdefault(zone_of(record.name, resolver), []).append(record)
            except NoZoneError as error:
                unknown.setdefault(error.reason, set()).add(record.name)
        for reason, names in unknown.items():
            self.failures[str(NoZoneError(sorted(names), reason))] = names
        for zone, members in zones.items():
            with self.failures_noted(_names(members)):
                provider.octodns.set_view(zone, servers(zone, resolver), members)
                self.add(plan(provider, zone, members, lookup=lookup))

    def add(self, planned: ZonePlan) -> None:
        """Add a plan that has no limits."""
        self.notes += planned.notes
        self.plans.append(planned)

    def _add_limited(self, planned: ZonePlan) -> None:
        """Add a plan that stays within the limits, and refuse any other."""
        try:
            Limits.of(self.fleet).require(planned.zone, planned.changes)
        except MailError as error:
            self.refused.append(planned)
            self.failures[str(error)] = set(planned.names)
        else:
            self.add(planned)

    def _add_compared(self, planned: Iterable[tuple[ZonePlan, list[MailRecord]]]) -> None:
        """Add the plans of zones in which no name server has a record that is not shown."""
        resolver = self._resolver()
        for comparison in comparisons(
            planned,
            lambda zone: servers(zone, resolver),
            lambda name: tuple(servers_named(name, resolver)),
        ):
            self.notes += filter(None, (comparison.note,))
            try:
                comparison.require_all_shown()
            except MailError as error:
                self.refused.append(comparison.plan)
                self.failures[str(error)] = set(comparison.plan.names)
            else:
                self._add_limited(comparison.plan)

    def _orphaned(self, provider: Provider, listing: Collection[str] | None) -> Collection[str]:
        """Return the zones of a provider that are not needed and may hold records of ours."""
        known = self.backups.zones(provider.name) if listing is None else listing
        others = {zone for zone in known if zone and zone not in self.scope.needed}
        if listing is None:
            return others
        return registered_zones(others, self.scope, self._resolver())

    def _warn(self, provider: Provider) -> None:
        """Note in the plan why no resolver would find the changes of a provider's zones."""
        resolver = self._resolver()
        plans = (zone for zone in self.plans if zone.provider is provider)
        changing = [zone for zone in plans if zone.changes and zone.expected]
        self.notes += obstacles(
            [zone.published for zone in changing], lambda zone: servers(zone, resolver)
        )

    def publish(self) -> None:
        """Apply the changes, and wait until every name server answers as planned."""
        applied = []
        for zone in self.plans:
            with self.failures_noted(zone.names):
                if apply(zone, self.backups.keep):
                    self.written.add(zone.zone)
                applied.append(zone)
        self._wait([zone for zone in applied if zone.expected])

    def _wait(self, plans: Sequence[ZonePlan]) -> None:
        published = [zone.published for zone in plans]
        result = wait_for_propagation(published, self._resolver_addresses(), self.seconds)
        for zone in plans:
            if sentence := result.failures.get(zone.zone):
                self.failures.setdefault(sentence, set()).update(zone.names)
        self.notes += result.notes

    def _resolver(self) -> dns.resolver.Resolver:
        return finder(self._resolver_addresses())

    def _resolver_addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        return tuple(dict.fromkeys(a for host in self.fleet.hosts for a in host.resolvers))

    @contextmanager
    def failures_noted(
        self, names: Iterable[str], unless: tuple[type[Exception], ...] | type[Exception] = ()
    ) -> Iterator[None]:
        """Note an error as a failure of the names that it concerns, and continue."""
        try:
            yield
        except unless:
            raise
        except MailError as error:
            self.failures.setdefault(str(error), set()).update(names)


def _names(records: Iterable[MailRecord]) -> set[str]:
    return {record.name for record in records}


def _names_of(host: MailSettings) -> set[str]:
    challenges = map(challenge_name, host.certified_names)
    return {*host.published_names, *dkim_keys.txt_names(host), *challenges}
