"""Zones in one run of pyinfra: the plans and providers that all hosts share."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from ..dns.alias import ChallengeAliases
from ..mail.errors import MailError
from ..mail.records import Facts, HostFacts, MailRecord, challenge_name, challenge_records
from ..mail.settings.model import Fleet, MailSettings
from ..run.turn import Turns
from .backup import Backups, ZoneBackup
from .ownership.scope import PlanScope
from .propagation.dnssec import trusted_facts
from .providers.loader import load
from .providers.provider import Provider
from .providers.zone_index import provider_of
from .publication import Publication
from .restore import restoration

Configuration = Mapping[str, Any]
FactsOf = Callable[[MailSettings], HostFacts]
RecordsOf = Callable[[Fleet, Collection[str], Facts | None], Iterable[MailRecord]]


class Run:
    """The publications of one run of pyinfra, and what they share."""

    def __init__(self) -> None:
        self.publications: Turns[Publication] = Turns()
        self.providers: list[tuple[Configuration, Provider]] = []
        self.printed: set[str] = set()
        self.backups = Backups()

    def plan(
        self, fleet: Fleet, ready: frozenset[str], facts_of: FactsOf, records_of: RecordsOf
    ) -> Publication:
        """Return the plans that publish the records of the hosts that are ready."""
        reported: Facts = {name: facts_of(fleet.host(name)) for name in ready}
        facts, notes = trusted_facts(fleet, reported)
        named = tuple(records_of(fleet, ready, facts))
        texts = (record.name for record in named if record.type == "TXT")
        aliases = ChallengeAliases.of(fleet, texts)
        every = aliases.led(named)
        publication = Publication(fleet, self.backups, PlanScope.of(fleet, facts, every))
        publication.notes += notes
        self._plan_records(publication, every, aliases)
        publication.plan_orphans()
        return publication

    def plan_challenges(
        self, fleet: Fleet, ready: frozenset[str], facts_of: FactsOf
    ) -> Publication:
        """Return the plans of the values that orders of certificates wait for, and no others."""
        proving = [host for host in fleet.hosts if host.proves_by_dns]
        here = [host for host in proving if host.inventory_name in ready]
        absent = {name for host in proving if host not in here for name in host.certified_names}
        named = challenge_records(fleet, {host.inventory_name: facts_of(host) for host in here})
        unknown = [*map(challenge_name, absent)]
        aliases = ChallengeAliases.of(fleet, (*unknown, *(record.name for record in named)))
        records = aliases.led(named)
        known = {record.name for record in records} - {*map(aliases.name, unknown)}
        scope = PlanScope.at(fleet, known, (record for record in records if record.values))
        publication = Publication(fleet, self.backups, scope)
        self._plan_records(publication, records, aliases)
        return publication

    def _plan_records(
        self, publication: Publication, every: Iterable[MailRecord], aliases: ChallengeAliases
    ) -> None:
        fleet, stepped = publication.fleet, self._stepped()
        with publication.failures_noted({host.hostname for host in fleet.hosts}):
            homes = self._homes(publication, aliases)
            for configuration, members in by_configuration(fleet, every, homes):
                records = [record for record in members if record.name not in stepped]
                with publication.failures_noted({record.name for record in records}):
                    publication.plan(self._provider(configuration), records)

    def _homes(
        self, publication: Publication, aliases: ChallengeAliases
    ) -> dict[str, Configuration]:
        """Return the `mail_dns` that has the zone of each name to which a challenge is led."""
        of_name = choices(publication.fleet)
        own = [host.dns for host in publication.fleet.hosts if host.dns is not None]
        homes: dict[str, Configuration] = {}
        if aliases.targets:  # by hand any zone can be published, so that comes last
            own.sort(key=lambda one: self._provider(one).by_hand)
        for name, target in aliases.targets.items():
            covered = _covering(target, of_name) is not None
            if covered or _covering(name, of_name) is None:  # or it is published by hand
                continue
            with publication.failures_noted({name}):
                found = provider_of(name, target, map(self._provider, own))
                homes[target] = next(one for one in own if self._provider(one) is found)
        return homes

    def plan_restore(self, fleet: Fleet, run: str, *, overwrite: bool) -> Publication:
        """Return the plans that restore what an earlier run has written."""
        publication = Publication(fleet, self.backups)
        with publication.failures_noted(()):
            for backup in self.backups.of(run):
                with publication.failures_noted(()):
                    why = f"as it was before the run {run}"
                    provider = self._provider_of(fleet, backup)
                    publication.add(restoration(provider, backup, why, overwrite=overwrite))
        return publication

    def first_time(self, sentence: str) -> bool:
        """Tell whether this run has not printed a sentence yet, and note that it has now."""
        fresh = sentence not in self.printed
        self.printed.add(sentence)
        return fresh

    def _stepped(self) -> set[str]:
        """Return the names of written DMARC policies: a run raises each by one step only."""
        return {
            change.name
            for publication in self.publications.results
            for plan in publication.plans
            if plan.zone in publication.written
            for change in plan.changes
            if change.existing and change.name.startswith("_dmarc.")
        }

    def _provider(self, configuration: Configuration) -> Provider:
        for known, provider in self.providers:
            if known == configuration:
                return provider
        self.providers.append((configuration, load(configuration)))
        return self.providers[-1][1]

    def _provider_of(self, fleet: Fleet, backup: ZoneBackup) -> Provider:
        for provider in self._providers(fleet):
            zones = provider.zone_names(backup.zone) if provider.name == backup.provider else ()
            if zones is None or backup.zone in zones:
                return provider
        raise MailError(
            f"{backup.zone}: it was written through {backup.provider}, but no host's mail_dns "
            "names that provider, or it no longer has the zone; set that mail_dns for one host"
        )

    def _providers(self, fleet: Fleet) -> Iterator[Provider]:
        return (self._provider(host.dns) for host in fleet.hosts if host.dns is not None)


def by_configuration(
    fleet: Fleet, records: Iterable[MailRecord], homes: Mapping[str, Configuration] | None = None
) -> list[tuple[Configuration, list[MailRecord]]]:
    """Return records of a fleet by their `mail_dns`; `homes` has that of further names."""
    of_name = {**choices(fleet), **(homes or {})}
    groups: list[tuple[Configuration, list[MailRecord]]] = []
    for record in records:
        configuration = _covering(record.name, of_name)
        members = next((members for known, members in groups if known == configuration), None)
        if members is not None:
            members.append(record)
        elif configuration is not None:
            groups.append((configuration, [record]))
    return groups


def choices(fleet: Fleet) -> dict[str, Configuration | None]:
    """Return the `mail_dns` of every name of the fleet; raise MailError if its hosts disagree."""
    found: dict[str, Configuration | None] = {}
    for host in fleet.hosts:
        for name in host.published_names:
            if found.setdefault(name, host.dns) != host.dns:
                raise MailError(
                    f"{name} is published through a different mail_dns by each of its hosts; "
                    "set the same mail_dns for all of them"
                )
    return found


def _covering(name: str, of_name: Mapping[str, Configuration | None]) -> Configuration | None:
    """Return the configuration of the name of the fleet at or above a record's name."""
    while name and name not in of_name:
        name = name.partition(".")[2]
    return of_name.get(name)
