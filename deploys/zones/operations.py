"""
The one operation of the zones: they hold the records that mail needs.

It is called for every mail host, and whichever comes first does the work for all of them: the zones
belong to the fleet, and a host that fails must not take the others' records with it.
"""

import sys
from collections.abc import Callable, Generator
from weakref import WeakKeyDictionary

from gevent.lock import BoundedSemaphore
from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.exceptions import OperationError
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.output import format_text
from pyinfra.api.state import State

from deploys.mail.records import HostFacts
from deploys.mail.settings import Fleet, MailSettings
from deploys.zones.loading import load
from deploys.zones.provider import Provider
from deploys.zones.publication import Configuration, Publication, by_configuration

Commands = Generator[FunctionCommand, None, None]
FactsOf = Callable[[MailSettings], HostFacts]


class _Run:
    """What one run of pyinfra has done to the zones."""

    def __init__(self) -> None:
        self.turn = BoundedSemaphore()
        self.publications: dict[object, Publication] = {}
        self.providers: list[tuple[Configuration, Provider]] = []
        self.said: set[str] = set()

    def planned(self, fleet: Fleet, ready: frozenset[str], facts_of: FactsOf) -> Publication:
        publication = Publication(fleet)
        facts = {name: facts_of(fleet.host(name)) for name in ready}
        with publication.noting({host.hostname for host in fleet.hosts}):
            for configuration, records in by_configuration(fleet, ready, facts):
                with publication.noting({record.name for record in records}):
                    publication.plan(self._provider(configuration), records)
        return publication

    def _provider(self, configuration: Configuration) -> Provider:
        for known, provider in self.providers:
            if known == configuration:
                return provider
        self.providers.append((configuration, load(configuration)))
        return self.providers[-1][1]

    def first_time(self, sentence: str) -> bool:
        fresh = sentence not in self.said
        self.said.add(sentence)
        return fresh


_runs: WeakKeyDictionary[State, _Run] = WeakKeyDictionary()


@operation()
def zones_published(fleet: Fleet, facts_of: FactsOf) -> Commands:
    """
    Every zone holds the records of the hosts still in the run, and all its name servers say so.

    + fleet: all mail hosts of the inventory
    + facts_of: what a host tells of itself that its records say

    Nobody else's record is changed and none is deleted. Fails, for the hosts concerned, where the
    provider does not have a zone or refuses the change, where somebody else's record is in the
    way, and where a name server does not answer with the new records in time.
    """
    run = _runs.setdefault(host.state, _Run())
    active = {member.name for member in host.state.active_hosts}
    ready = frozenset(active & {member.inventory_name for member in fleet.hosts})
    turn = (host.current_op_hash, host.state.is_executing, ready)
    with run.turn:
        publication = run.publications.get(turn)
        first = publication is None
        if publication is None:
            publication = run.publications[turn] = run.planned(fleet, ready, facts_of)
            _show(run, publication)
        if publication.failures and not host.state.is_executing:
            raise OperationError("\n    ".join(publication.failures))
        if first and publication.changes:
            yield FunctionCommand(_publish, (run, publication), {})
            return
        if first and host.state.is_executing:
            publication.publish()  # nothing to write; a killed run may have left waiting to do
        if publication.failures_of(fleet.host(host.name)):
            yield FunctionCommand(_report, (run, publication), {})
        else:
            host.noop(
                "the zones hold every record" if first else "the zones are done for all hosts"
            )


def zones_changed(state: State) -> int:
    """Return how many zones a run has changed."""
    run = _runs.get(state, _Run())
    written = (publication.written for publication in run.publications.values())
    return len(set().union(*written))


def _publish(state: State, host: Host, run: _Run, publication: Publication) -> bool:
    publication.publish()
    for note in publication.notes:
        host.log_styled(note, fg="yellow", log_func=logger.warning)
    return _report(state, host, run, publication)


def _report(state: State, host: Host, run: _Run, publication: Publication) -> bool:  # noqa: ARG001 - pyinfra's signature
    """Say each failure once, and fail each host that it concerns."""
    failures = publication.failures_of(publication.fleet.host(host.name))
    for sentence in failures:
        said = sentence if run.first_time(sentence) else "not published, for the reason given above"
        host.log_styled(said, fg="red", log_func=logger.error)
    return not failures


def _show(run: _Run, publication: Publication) -> None:
    notes = (note for zone in publication.plans for note in zone.notes)
    lines = (*map(str, publication.changes), *notes)
    new = [line for line in lines if run.first_time(line)]
    for line in new:
        logger.info(format_text(f"  {line}", "yellow"))
    if "--json" in sys.argv and host.current_op_hash:
        host.state.get_op_meta(host.current_op_hash).args.extend(new)
