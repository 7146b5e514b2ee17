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

from octodns.record import Record

from deploys.mail.errors import MailError
from deploys.mail.records import MailRecord
from deploys.zones import recordsets
from deploys.zones.provider import Provider

PLAIN = re.compile(r"[ !#-\[\]-~]*")  # printable ASCII but for quotation marks and backslashes
WITHOUT = {
    "CAA": "any authority may issue certificates for the names in it",
    "PTR": "let the names of addresses be set where the addresses come from",
    "SRV": "mail programs have to be told by hand where the servers are",
    "TLSA": "DANE is left out, MTA-STS takes its place",
}


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


def refuse_to_garble(provider: Provider, existing: Record | None, desired: Record) -> None:
    """Raise MailError where a text that is kept might come out as another one."""
    if provider.faithful or recordsets.key(desired)[1] != "TXT":
        return
    kept = recordsets.texts(existing).keys() & recordsets.texts(desired).keys()
    for text in sorted(kept):
        if not PLAIN.fullmatch(text):
            raise MailError(
                f"{recordsets.title(desired)} also holds {recordsets.rdata('TXT', text)}, which "
                f"{provider.name} may change when the set is written; make the set "
                f"{', '.join(recordsets.record_set(desired).values)} there by hand, or move that "
                "text to another name"
            )
