"""
What a provider can hold.

Not every provider, nor every octoDNS class of one, knows every type of record. Mail cannot do
without addresses, MX and TXT. Of the others, what is lost without them is told in the plan, once
for a zone, and nothing is tried.

Nor does every class write each text as it has read it: a quotation mark or a backslash may come out
doubled or not at all. Where such a text of somebody else's shares a record set with ours, the set
is left alone, unless the provider has been seen to be faithful.
"""

import re
from collections.abc import Collection

from octodns.record import Record
from octodns.zone import Zone

from ...mail.errors import MailError
from ...mail.records import MailRecord
from ..model import recordsets
from .provider import Provider

PLAIN = re.compile(r"[ !#-\[\]-~]*")  # printable ASCII but for quotation marks and backslashes
WITHOUT = {
    "CAA": "any authority may issue certificates for the names in it",
    "PTR": "let the names of addresses be set where the addresses come from",
    "SRV": "mail programs have to be told by hand where the servers are",
    "TLSA": "DANE is left out, MTA-STS takes its place",
}


class GarblingError(MailError):
    """A text of somebody else's would be at risk, so its set is left to be made by hand."""


def unheld(provider: Provider, record: MailRecord) -> str | None:
    """Return what to tell of a record that a provider cannot hold, or None of one that it can."""
    if record.type in provider.octodns.SUPPORTS:
        return None
    if record.type not in WITHOUT:
        raise MailError(
            f"{record.name} needs a record of type {record.type}, which {provider.name} "
            "cannot hold; move the zone to a provider that can"
        )
    return f"{provider.name} cannot hold {record.type}: {WITHOUT[record.type]}"


def refuse_to_garble(provider: Provider, existing: Zone, desired: Zone) -> None:
    """Raise GarblingError where a text that is kept might come out as another one."""
    if provider.faithful:
        return
    before = recordsets.sets(existing)
    for key, record in sorted(recordsets.sets(desired).items()):
        held = before.get(key)
        if key[1] == "TXT" and recordsets.content(record) != recordsets.content(held):
            _refuse(provider, record, recordsets.texts(held).keys() & recordsets.texts(record))


def _refuse(provider: Provider, record: Record, kept: Collection[str]) -> None:
    for text in sorted(kept):
        if not PLAIN.fullmatch(text):
            raise GarblingError(
                f"{recordsets.title(record)} also holds {recordsets.rdata('TXT', text)}, which "
                f"{provider.name} may change when the set is written; make the set "
                f"{', '.join(recordsets.record_set(record).values)} there by hand, or move that "
                "text to another name"
            )
