"""
CNAME records at the names of DNS-01 challenges, which a CA follows (RFC 8555 section 8.4).

The owner of a zone may lead `_acme-challenge` of a host to a zone whose provider the inventory has.
Then the values go there, and the owner's zone needs no credentials.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import dns.name
import dns.resolver
from dns.rdtypes.ANY.CNAME import CNAME

from ..mail.errors import MailError
from ..mail.records import MailRecord, is_challenge
from ..mail.settings.model import Fleet
from ..run.threads import in_parallel
from .answer import plain_name
from .authority import finder, servers, zone_of
from .query import WORKERS, first_response


@dataclass(frozen=True)
class ChallengeAliases:
    """The names that challenges are led to, by the names of their records."""

    targets: Mapping[str, str]

    @classmethod
    def of(cls, fleet: Fleet, names: Iterable[str]) -> "ChallengeAliases":
        """Ask the name servers for the CNAME of each name that is a challenge's."""
        asked = sorted({name for name in names if is_challenge(name)})
        if not asked:
            return cls({})
        try:
            resolver = finder([one for host in fleet.hosts for one in host.resolvers])
        except MailError:  # no server can be asked; the wait for the records reports it
            return cls({})
        found = in_parallel(lambda name: alias_of(name, resolver), asked, WORKERS)
        return cls({name: to for name, to in zip(asked, found, strict=True) if to})

    def name(self, name: str) -> str:
        """Return the name at which the values of a challenge are published."""
        return self.targets.get(name, name)

    def led(self, records: Iterable[MailRecord]) -> tuple[MailRecord, ...]:
        """Return the records at the names that they are led to."""
        return tuple(replace(record, name=self.name(record.name)) for record in records)


def alias_of(name: str, resolver: dns.resolver.Resolver) -> str:
    """Return the name that a CNAME leads to; an empty text if no server answers with one."""
    try:  # not the resolver: it would remember that the name does not exist yet (RFC 2308)
        answer = first_response(servers(zone_of(name, resolver), resolver), name, "CNAME")
    except MailError:
        return ""
    owner = dns.name.from_text(name)
    for rrset in answer.answer if answer else ():
        for rdata in rrset if rrset.name == owner else ():
            if isinstance(rdata, CNAME):
                return plain_name(rdata.target).lower()
    return ""
