"""
Who plans, and what all of its mail needs.

What a fleet needs is asked of the whole of it, through whichever `mail_dns` each host is published:
a record that this provider is not given, another one may be, or the operator's own hand.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ...mail import mta_sts
from ...mail.records import Facts, MailRecord
from ...mail.settings.model import Fleet

Needed = Mapping[str, Collection[MailRecord]]


@dataclass(frozen=True)
class Claim:
    """
    A fleet, by its host names.

    The plan is `whole` where every mail host is in the run and has told its facts. `needed` are all
    records that mail needs, by every name at or above theirs. At the names in `spared` nothing
    goes: what is to be there is not known yet.
    """

    hosts: tuple[str, ...]
    whole: bool
    needed: Needed = field(default_factory=dict)
    spared: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fleet: Fleet, facts: Facts, records: Iterable[MailRecord]) -> "Claim":
        """Return the claim of a fleet of which some hosts have told what makes these records."""
        held = tuple(records)
        told = {name for name, known in facts.items() if known.dkim}
        whole = told == {host.inventory_name for host in fleet.hosts}
        hosts = tuple(host.hostname for host in fleet.hosts)
        return cls(hosts, whole, _by_suffix(held), _unannounced(held, facts))


def _unannounced(records: Iterable[MailRecord], facts: Facts) -> frozenset[str]:
    """Return where policies will be announced in a later step of the run, or in a later run."""
    served = {domain for known in facts.values() for domain in known.policies}
    names = {mta_sts.record_name(domain) for domain in served}
    return frozenset(names - {record.name for record in records})


NOBODY = Claim((), whole=False)


def _by_suffix(records: Iterable[MailRecord]) -> Needed:
    found: dict[str, list[MailRecord]] = {}
    for record in records:
        name = record.name
        while name:
            found.setdefault(name, []).append(record)
            name = name.partition(".")[2]
    return found
