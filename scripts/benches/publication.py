"""
Bench `zone`: seconds and API requests to plan, publish and verify zones.

Domains are planned and published at the lab's PowerDNS, and every request of the provider is
counted. A run of a publish case begins with zones that hold a website alone, a run of a plan case
with zones that hold every record.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from deploys.lab import inventory
from deploys.mail.dkim_rotation import Published
from deploys.mail.records import HostFacts, MailRecord, records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.zones.backup import Backups
from deploys.zones.model.changes import RecordChange
from deploys.zones.providers.loader import load
from deploys.zones.publication import Publication
from deploys.zones.run import by_configuration

from .instruments.command import BenchError
from .instruments.hosts import lab_up
from .instruments.machine import machine
from .instruments.report import Case, Figures, Report, interleaved
from .instruments.zones import Zones, zones_made
from .propagation import NOTICE, SEQUENTIAL, SILENCE, VERIFY, notice, silence, verify, watching

PUBLISH, PLAN, ONE = "publish", "plan", "1"
SECONDS, READS, WRITES = "seconds", "reads_per_domain", "writes_per_domain"
MOST_SECONDS = {(PLAN, 1000): {SECONDS: 60.0}}
MOST_READS = 2.0
HOST = "mx1"
KEYS = (
    Published("mx1-rsa", f"v=DKIM1; k=rsa; p={'A' * 392}", "current"),
    Published("mx1-ed25519", f"v=DKIM1; k=ed25519; p={'A' * 43}=", "current"),
)
NOTE = (
    "publish: plan, write, read back, and wait until every name server and resolver has the"
    " records. plan: all records exist. verify: record sets at name servers that are 25 ms away."
    " notice: from the last server's new answer until the run notices it. silence: one round of"
    " questions to a server that never answers. This machine has"
)
Tell = Callable[[str], None]


def publication(counts: Sequence[int], runs: int, tell: Tell, *, keep: bool) -> Report:
    """Measure these numbers of zones."""
    here = machine()
    with _course(max(counts), tell, keep=keep) as course:
        cases = interleaved([*course.cases(counts), *watching()], runs, course.measure, tell)
    note = f"{NOTE} {here['cores']} cores; its load was {here['load']} before."
    return Report("zone", SECONDS, (ONE, SEQUENTIAL), note, here, cases)


@dataclass(frozen=True)
class _Course:
    """The zones, and the published changes."""

    zones: Zones
    held: dict[str, Sequence[RecordChange]] = field(default_factory=dict)

    def cases(self, counts: Sequence[int]) -> Iterator[Case]:
        """Yield the cases; publishing comes first, because planning needs its records."""
        for situation in (PUBLISH, PLAN):
            for count in counts:
                sets = len(self._records(count)[1])
                labels = {"domains": count, "record_sets": sets, "servers": 2}
                aims = {
                    **MOST_SECONDS.get((situation, count), {}),
                    READS: MOST_READS,
                    WRITES: sets / count if situation == PUBLISH else 0.0,
                }
                yield Case(situation, str(count), labels, aims)

    def measure(self, case: Case) -> Figures:
        """Measure a case."""
        count = case.labels["domains"]
        measures = {
            PUBLISH: partial(self.publish, count),
            PLAN: partial(self.plan, count),
            VERIFY: partial(verify, case),
            NOTICE: partial(notice, case),
            SILENCE: partial(silence, case),
        }
        return {READS: 0, WRITES: 0, **measures[case.situation]()}

    def publish(self, count: int) -> Figures:
        """Publish domains without records of ours."""
        names = self.zones.names[:count]
        self.zones.set_back({name: self.held.pop(name) for name in names if name in self.held})
        publication, figures = self._measured(count, Publication.publish)
        self.held.update({plan.zone: plan.changes for plan in publication.plans})
        return figures

    def plan(self, count: int) -> Figures:
        """Plan domains with all records published."""
        publication, figures = self._measured(count, lambda _: None)
        if publication.changes:
            raise BenchError(f"planning finds something to change: {publication.changes[0]}")
        return figures

    def _measured(
        self, count: int, work: Callable[[Publication], None]
    ) -> tuple[Publication, Figures]:
        publication, records = self._records(count)
        provider = load(inventory.dns(self.zones.lab.name))
        requests = counted(provider.octodns)
        began = time.perf_counter()
        publication.plan(provider, records)
        work(publication)
        seconds = round(time.perf_counter() - began, 3)
        for sentence in publication.failures:
            raise BenchError(sentence)
        reads, all_of_them = requests["GET"], requests.total()
        return publication, {
            SECONDS: seconds,
            READS: reads / count,
            WRITES: (all_of_them - reads) / count,
        }

    def _records(self, count: int) -> tuple[Publication, list[MailRecord]]:
        fleet = fleet_from({HOST: self._host(self.zones.names[:count])}, {})
        everything = records_for(fleet, {HOST}, {HOST: HostFacts(dkim=KEYS)})
        ((_, records),) = by_configuration(fleet, everything)
        return Publication(fleet, Backups()), records

    def _host(self, domains: Sequence[str]) -> Mapping[str, Any]:
        lab = self.zones.lab
        return {
            "mail_hostname": f"{HOST}.{domains[0]}",
            "mail_addresses": [str(address) for address in lab.addresses(lab.of("mail")[0])],
            "mail_domains": domains,
            "mail_dns": inventory.dns(lab.name),
            "mail_resolvers": inventory.resolvers(lab.name),
        }


def counted(provider: Any) -> Counter[str]:  # noqa: ANN401 - octoDNS has no types
    """Count a provider's HTTP requests from now on, by their methods."""
    requests: Counter[str] = Counter()

    def noting(send: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as requests calls it
            response = send(*arguments, **named)
            before = getattr(response.raw, "retries", None)
            requests[response.request.method] += 1 + len(before.history if before else ())
            return response

        return noted

    # Its further instances have sessions of their own, and these adapters.
    for adapter in provider._sess.adapters.values():  # noqa: SLF001 - octoDNS's only name for it
        adapter.send = noting(adapter.send)
    return requests


@contextmanager
def _course(most: int, tell: Tell, *, keep: bool) -> Iterator[_Course]:
    tell("raising a lab")
    with lab_up(1, keep=keep) as lab:
        tell(f"unmeasured: {most} zones are made in its PowerDNS")
        with zones_made(lab, most) as zones:
            yield _Course(zones)
