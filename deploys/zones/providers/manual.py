"""
Publication by hand: `mail_dns = {"class": "manual"}`.

The plan treats it as a provider like any other. The existing zone is read from its name servers.
The records to write are listed (`zones/record_list`), and the operator writes them. The wait for
propagation is the same.
"""

import logging
from collections.abc import Collection, Iterable

import dns.name
import dns.rdatatype
from dns.rrset import RRset
from octodns.provider.base import BaseProvider
from octodns.record import Record
from octodns.record.rr import Rrset
from octodns.zone import Zone

from ...dns.query import WORKERS, Server, first_response
from ...mail.errors import MailError
from ...mail.records import MailRecord
from ...run.threads import in_parallel


class ManualProvider(BaseProvider):  # type: ignore[misc] # octoDNS has no types
    """Reads the names of `set_view` from name servers, and never writes."""

    SUPPORTS_GEO = False
    SUPPORTS_ROOT_NS = True
    SUPPORTS_MULTIVALUE_PTR = True
    SUPPORTS = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT"})
    BY_HAND = True

    def __init__(self, id: str) -> None:  # noqa: A002 - octoDNS's name
        self.log = logging.getLogger(f"ManualProvider[{id}]")
        super().__init__(id)
        self.views: dict[str, tuple[Collection[Server], Collection[tuple[str, str]]]] = {}

    def set_view(
        self, zone: str, servers: Collection[Server], records: Iterable[MailRecord]
    ) -> None:
        """Set the servers of a zone, and the records whose names and types are read there."""
        questions = dict.fromkeys((record.name, record.type) for record in records)
        self.views[f"{zone}."] = servers, (*questions, (zone, "NS"))

    def populate(self, zone: Zone, target: bool = False, lenient: bool = False) -> bool:  # noqa: ARG002, FBT001, FBT002 - octoDNS's signature
        """Read the record sets of the given names from the name servers."""
        servers, questions = self.views[zone.name]
        answers = in_parallel(lambda one: _record_sets(servers, *one), questions, WORKERS)
        unique = {(str(one.name), one.rdtype): one for answer in answers for one in answer}
        for (name, record_type), one in unique.items():
            values = [rdata.to_text() for rdata in one]
            rrset = Rrset(name, dns.rdatatype.to_text(record_type), one.ttl, values)
            zone.add_record(Record.from_rrset(zone, rrset, lenient=True), lenient=True)
        return True


def _record_sets(servers: Collection[Server], name: str, record_type: str) -> list[RRset]:
    """Return the record sets at a name, which may be a CNAME instead; raise MailError."""
    answer = first_response(servers, name, record_type)
    if answer is None:
        raise MailError(
            f"{name}: no name server answers about its {record_type}; run again when one does"
        )
    owner = dns.name.from_text(name)
    return [one for one in answer.answer if one.name == owner]
