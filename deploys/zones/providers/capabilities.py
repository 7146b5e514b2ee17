"""
Capabilities of a provider: the record types that it supports, and the texts that it may alter.

Some providers, or their octoDNS classes, do not support every record type. Mail needs addresses, MX
and TXT. A record of another type is left out, and the plan says once for a zone what
is lost without it.

Some classes change a text between reading and writing: a quotation mark or a backslash is doubled,
or lost. A record set with such a text of others is not written, unless a test has shown that the
provider is faithful.
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
    "PTR": "have the owner of the addresses set their names",
    "SRV": "users must enter the names of the servers in their mail programs by hand",
    "TLSA": "DANE is left out, MTA-STS takes its place",
}


class AlteredTextError(MailError):
    """The provider may alter a text of others, so the operator must write the set by hand."""


def unsupported(provider: Provider, zone: Zone, record: MailRecord) -> str | None:
    """Return the consequence if a provider does not support a record, or None if it does."""
    if record.type in provider.octodns.SUPPORTS:
        return _unsupported_value(provider, zone, record)
    if record.type not in WITHOUT:
        raise MailError(
            f"{record.name} needs a record of type {record.type}, which {provider.name} "
            "does not support; move the zone to a provider that does"
        )
    return f"{provider.name} does not support {record.type}: {WITHOUT[record.type]}"


def _unsupported_value(provider: Provider, zone: Zone, record: MailRecord) -> str | None:
    """Return the consequence if a provider supports a type without some of its values."""
    key = zone.hostname_from_fqdn(f"{record.name}."), record.type
    values = recordsets.new_values(zone, key, record.values)
    if provider.octodns.supports(recordsets.new_record(zone, key, record.ttl, values)):
        return None
    shown = f"{record.type} {', '.join(record.values)}"
    if record.type not in WITHOUT:
        raise MailError(
            f"{record.name} needs {shown}, which {provider.name} does not support; move the zone "
            "to a provider that does"
        )
    return f"{provider.name} does not support {shown}, so it is left out"


def refuse_altered_texts(provider: Provider, existing: Zone, desired: Zone) -> None:
    """Raise AlteredTextError if the provider may alter a text that is kept, or enable a record."""
    before = recordsets.sets(existing)
    for key, record in sorted(recordsets.sets(desired).items()):
        off = recordsets.disabled(before.get(key))
        if off and recordsets.content(record) != recordsets.content(before[key]):
            raise AlteredTextError(
                f"{recordsets.title(record)} also holds {', '.join(off)}, which is disabled at "
                f"{provider.name}, and a write would enable it; remove or enable it there"
            )
    if provider.faithful:
        return
    for key, record in sorted(recordsets.sets(desired).items()):
        old = before.get(key)
        if key[1] == "TXT" and recordsets.content(record) != recordsets.content(old):
            _refuse(provider, record, recordsets.texts(old).keys() & recordsets.texts(record))


def _refuse(provider: Provider, record: Record, kept: Collection[str]) -> None:
    for text in sorted(kept):
        if not PLAIN.fullmatch(text):
            raise AlteredTextError(
                f"{recordsets.title(record)} also holds {recordsets.rdata('TXT', text)}, which "
                f"{provider.name} may alter when it writes the record set; set it to "
                f"{', '.join(recordsets.record_set(record).values)} there by hand, or move that "
                "text to another name"
            )
