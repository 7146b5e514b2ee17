"""
Record sets: octoDNS's records, read and made as values.

A record set of others may have a type whose values octoDNS cannot write as in a zone file, such as
an alias of Route 53. It is compared and shown by its data, and never converted.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT
from octodns.record import Record
from octodns.record.rr import Rrset
from octodns.record.txt import TxtValue
from octodns.zone import Zone

from .changes import RecordChange, RecordSet

RecordKey = tuple[str, str]
Content = Mapping[str, Any]
Sets = Mapping[RecordKey, Record]

STRING = 255  # octets (RFC 1035 section 3.3)
DISABLED = "disabled"  # values that a provider holds and does not serve, in its own data
SINGLE = frozenset({"ALIAS", "CNAME", "DNAME"})  # octoDNS holds one value of these, not a list


def key(record: Record) -> RecordKey:
    """Return a record set's relative name and type, which identify it in its zone."""
    return record.name, record._type  # noqa: SLF001 - octoDNS has no public name for the type


def sets(zone: Zone) -> dict[RecordKey, Record]:
    """Return a zone's record sets by their keys."""
    return {key(record): record for record in zone.records}


def note_name_servers(zone: Zone) -> None:
    """Note the name servers of a zone's own NS records, before these are left out."""
    zone.served_by = name_servers(zone)


def name_servers(zone: Zone) -> frozenset[str]:
    """Return the name servers that a provider has a zone for, as far as it tells them."""
    noted: frozenset[str] = getattr(zone, "served_by", frozenset())
    root = zone.root_ns
    return noted | {name.rstrip(".").lower() for name in (root.values if root else ())}


def content(record: Record | None) -> Content | None:
    """Return everything that can change in a record set, as plain data; None if there is none."""
    if record is None:
        return None
    data = {name: _plain(value) for name, value in record.data.items()}
    if hasattr(record, "values"):  # octoDNS's own data leaves out an empty text
        data.pop("value", None)
        data["values"] = [_plain(value) for value in record.values]
    return data


def plain_values(record: Record) -> list[Mapping[str, object]]:
    """Return those values of a record set that have fields, as plain data."""
    return [data for value in values(record) if isinstance(data := _plain(value), Mapping)]


def _plain(value: object) -> object:
    """Return a value as plain data; classes of values compare only some of their fields."""
    data = getattr(value, "data", value)
    if isinstance(data, Mapping):
        return {str(name): _plain(part) for name, part in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(part) for part in data]
    if isinstance(data, str):
        return str(data)
    if data is None or isinstance(data, bool | int | float):
        return data
    parts = getattr(data, "__dict__", None)
    return _plain(parts) if parts else str(data)


def _text(value: object) -> str:
    """Return a value as in a zone file, or its data if octoDNS cannot write it so."""
    if isinstance(value, TxtValue):
        return rdata("TXT", value.to_raw_text())
    write = getattr(value, "to_rdata_text", None)
    return str(write()) if write else json.dumps(_plain(value), sort_keys=True)


def title(record: Record) -> str:
    """Return a record set's type and full name."""
    return f"{key(record)[1]} {record.fqdn.rstrip('.')}"


def record_set(record: Record) -> RecordSet:
    """Return a record set as in a zone file."""
    return RecordSet(record.ttl, tuple(map(_text, values(record))))


def change(before: Record | None, after: Record | None, why: str, brief: str = "") -> RecordChange:
    """Return the change of a record set; None stands for a record set that does not exist."""
    name, record_type = owner(before or after)
    existing, desired = (record_set(record) if record else None for record in (before, after))
    return RecordChange(name, record_type, existing, desired, why, brief)


def disabled(record: Record | None) -> tuple[str, ...]:
    """Return the values of a record set that its provider does not serve."""
    own = record.octodns.values() if record else ()
    return tuple(
        text for data in own if isinstance(data, Mapping) for text in data.get(DISABLED, ())
    )


def texts(record: Record | None) -> dict[str, Any]:
    """Return octoDNS's values of a record set by their text: as in a zone file, TXT unquoted."""
    if not record:
        return {}
    if key(record)[1] == "TXT":
        return {value.to_raw_text(): value for value in values(record)}
    return {_text(value): value for value in values(record)}


def owner(record: Record) -> RecordKey:
    """Return a record set's full name and its type."""
    return record.fqdn.rstrip("."), key(record)[1]


def rdata(record_type: str, text: str) -> str:
    """Return a value as in a zone file: a text in strings of at most 255 octets, all in ASCII."""
    if record_type != "TXT":
        return text
    octets = text.encode()
    strings = [octets[i : i + STRING] for i in range(0, len(octets), STRING)] or [b""]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings).to_text()


def new_values(zone: Zone, name_type: RecordKey, texts: Iterable[str]) -> list[Any]:
    """Return octoDNS's values for texts as in a zone file, TXT unquoted."""
    name, record_type = name_type
    rdatas = [rdata(record_type, value) for value in texts]
    rrset = Rrset(f"{name}.{zone.name}".lstrip("."), record_type, 0, rdatas)
    # Lenient, as we keep the octets of others in a policy, also those beyond ASCII.
    return values(Record.from_rrset(zone, rrset, lenient=True))


def new_record(
    zone: Zone, name_type: RecordKey, ttl: int, new: list[Any], existing: Record | None = None
) -> Record:
    """Return a record set of octoDNS's values; values of others may be invalid."""
    data = {"value": new[0]} if name_type[1] in SINGLE else {"values": new}
    # The provider's own data of a record set, such as Cloudflare's comments and tags.
    extra = {"octodns": existing.octodns} if existing else {}
    return from_content(zone, name_type, {"ttl": ttl, **data, **extra})


def from_content(zone: Zone, name_type: RecordKey, data: Content) -> Record:
    """Return a record set from its `content`."""
    name, record_type = name_type
    return Record.new(zone, name, {"type": record_type, **data}, lenient=True)


def values(record: Record) -> list[Any]:
    """Return octoDNS's values of a record set; some types have a single one."""
    return list(record.values) if hasattr(record, "values") else [record.value]
