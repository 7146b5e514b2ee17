"""What one run of pyinfra has planned and done in the zones, for all hosts together."""

from collections.abc import Callable, Collection, Iterable, Iterator

from gevent.lock import BoundedSemaphore

from ..mail.errors import MailError
from ..mail.records import Facts, HostFacts, MailRecord
from ..mail.settings.model import Fleet, MailSettings
from .backup import Saved, Saves
from .ownership.scope import Claim
from .propagation.dnssec import secured
from .providers.load import load
from .providers.provider import Provider
from .providers.routing import Configuration, by_configuration
from .publication import Publication
from .restore import restoration

FactsOf = Callable[[MailSettings], HostFacts]
RecordsOf = Callable[[Fleet, Collection[str], Facts | None], Iterable[MailRecord]]


class Run:
    """What one run of pyinfra has done to the zones."""

    def __init__(self) -> None:
        self.turn = BoundedSemaphore()
        self.publications: dict[object, Publication] = {}
        self.providers: list[tuple[Configuration, Provider]] = []
        self.said: set[str] = set()
        self.saves = Saves()

    def planned(
        self, fleet: Fleet, ready: frozenset[str], facts_of: FactsOf, records_of: RecordsOf
    ) -> Publication:
        """Return the plans that publish the records of the hosts that are ready."""
        told: Facts = {name: facts_of(fleet.host(name)) for name in ready}
        facts, notes = secured(fleet, told)
        everything = tuple(records_of(fleet, ready, facts))
        publication = Publication(fleet, self.saves, Claim.of(fleet, facts, everything))
        publication.notes += notes
        stepped = self._stepped()
        with publication.noting({host.hostname for host in fleet.hosts}):
            for configuration, mine in by_configuration(fleet, everything):
                records = [record for record in mine if record.name not in stepped]
                with publication.noting({record.name for record in records}):
                    publication.plan(self._provider(configuration), records)
        publication.leave()
        return publication

    def restored(self, fleet: Fleet, run: str, *, overwrite: bool) -> Publication:
        """Return the plans that put back what an earlier run has touched."""
        publication = Publication(fleet, self.saves)
        with publication.noting(()):
            for saved in self.saves.of(run):
                with publication.noting(()):
                    why = f"as it was before the run {run}"
                    provider = self._provider_of(fleet, saved)
                    publication.add(restoration(provider, saved, why, overwrite=overwrite))
        return publication

    def _stepped(self) -> set[str]:
        """Return the DMARC policies that this run has written: it takes one step of the ladder."""
        return {
            change.name
            for publication in self.publications.values()
            for plan in publication.plans
            if plan.zone in publication.written
            for change in plan.changes
            if change.existing and change.name.startswith("_dmarc.")
        }

    def first_time(self, sentence: str) -> bool:
        """Tell whether a sentence is new to this run."""
        fresh = sentence not in self.said
        self.said.add(sentence)
        return fresh

    def _provider(self, configuration: Configuration) -> Provider:
        for known, provider in self.providers:
            if known == configuration:
                return provider
        self.providers.append((configuration, load(configuration)))
        return self.providers[-1][1]

    def _provider_of(self, fleet: Fleet, saved: Saved) -> Provider:
        for provider in self._providers(fleet):
            held = provider.zone_names(saved.zone) if provider.name == saved.provider else ()
            if held is None or saved.zone in held:
                return provider
        raise MailError(
            f"{saved.zone}: it was written through {saved.provider}, which no host's mail_dns "
            "names any more, or which has lost it; give one of them that mail_dns again"
        )

    def _providers(self, fleet: Fleet) -> Iterator[Provider]:
        return (self._provider(host.dns) for host in fleet.hosts if host.dns is not None)
