"""
Who plans, and what all of its mail needs.

What a fleet needs is asked of the whole of it, through whichever `mail_dns` each host is published:
a record that this provider is not given, another one may be, or the operator's own hand.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from deploys.mail.records import Facts, MailRecord, records_for
from deploys.mail.settings import Fleet

Needed = Mapping[str, Collection[MailRecord]]


@dataclass(frozen=True)
class Claim:
    """
    A fleet, by its host names.

    The plan is `whole` where every mail host is in the run and has told its facts, and `final`
    where no record is held back for a later step of the run. `needed` are all records that mail
    needs, by every name at or above theirs. At the names in `spared` nothing goes: what is to be
    there is not known yet.
    """

    hosts: tuple[str, ...]
    whole: bool
    final: bool = True
    needed: Needed = field(default_factory=dict)
    spared: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fleet: Fleet, facts: Facts, *, final: bool) -> "Claim":
        """Return the claim of a fleet of which some hosts have told something of themselves."""
        told = {name for name, known in facts.items() if known.dkim}
        whole = told == {host.inventory_name for host in fleet.hosts}
        hosts = tuple(host.hostname for host in fleet.hosts)
        return cls(hosts, whole, final, _by_suffix(records_for(fleet, facts.keys(), facts)))

    @property
    def may_leave(self) -> bool:
        """Tell whether a zone that holds nothing of what is needed has had its day."""
        return self.whole and self.final


NOBODY = Claim((), whole=False)


def _by_suffix(records: Iterable[MailRecord]) -> Needed:
    found: dict[str, list[MailRecord]] = {}
    for record in records:
        name = record.name
        while name:
            found.setdefault(name, []).append(record)
            name = name.partition(".")[2]
    return found
