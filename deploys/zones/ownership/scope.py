"""
Scope of a plan: a fleet's hosts, and every record that its mail needs.

The needs are those of the whole fleet, with every `mail_dns` in it. A record that is not published
through one provider may be published through another one, or by hand.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ...mail import mta_sts
from ...mail.records import Facts, MailRecord
from ...mail.settings.model import Fleet

Needed = Mapping[str, Collection[MailRecord]]


@dataclass(frozen=True)
class PlanScope:
    """
    A fleet, by its host names.

    The plan is `whole` if every mail host is in the run and has reported its facts. `needed` holds
    the records that mail needs, by each name at or above theirs. At the names in `spared` nothing
    is deleted: their records are not known yet. A plan that is `limited` to names deletes there
    alone, and leaves the marks of every other name as they are.
    """

    hosts: tuple[str, ...]
    whole: bool
    needed: Needed = field(default_factory=dict)
    spared: frozenset[str] = frozenset()
    limited: frozenset[str] | None = None

    @classmethod
    def of(cls, fleet: Fleet, facts: Facts, records: Iterable[MailRecord]) -> "PlanScope":
        """Return the scope of a fleet, from the facts of some hosts and the records they need."""
        every = tuple(records)
        reported = {name for name, fact in facts.items() if fact.dkim}
        whole = reported == {host.inventory_name for host in fleet.hosts}
        hosts = tuple(host.hostname for host in fleet.hosts)
        return cls(hosts, whole, _by_suffix(every), _unannounced(every, facts))

    @classmethod
    def at(cls, fleet: Fleet, names: Iterable[str], records: Iterable[MailRecord]) -> "PlanScope":
        """Return the scope of a plan that is limited to names, which need these records."""
        hosts = tuple(host.hostname for host in fleet.hosts)
        return cls(hosts, whole=False, needed=_by_suffix(records), limited=frozenset(names))


NO_FLEET = PlanScope((), whole=False)


def _unannounced(records: Iterable[MailRecord], facts: Facts) -> frozenset[str]:
    """Return the names of MTA-STS announcements that follow later, in this run or another."""
    served = {domain for fact in facts.values() for domain in fact.policies}
    names = {mta_sts.record_name(domain) for domain in served}
    return frozenset(names - {record.name for record in records})


def _by_suffix(records: Iterable[MailRecord]) -> Needed:
    needed: dict[str, list[MailRecord]] = {}
    for record in records:
        name = record.name
        while name:
            needed.setdefault(name, []).append(record)
            name = name.partition(".")[2]
    return needed
