"""octoDNS's records, which know their zone and their provider's quirks, read and made as values."""

from collections.abc import Iterable
from typing import Any

from octodns.record import Record
from octodns.record.rr import Rrset
from octodns.record.txt import TxtValue
from octodns.zone import Zone

from deploys.zones.changes import RecordSet

Key = tuple[str, str]


def key(record: Record) -> Key:
    """Return what identifies a record set in its zone: its relative name and its type."""
    return record.name, record._type  # noqa: SLF001 - octoDNS has no public name for the type


def sets(zone: Zone) -> dict[Key, Record]:
    """Return a zone's record sets by their keys."""
    return {key(record): record for record in zone.records}


def content(record: Record | None) -> object:
    """Return all that can change about a record set; None of a record set that is not there."""
    return record.data if record else None


def title(record: Record) -> str:
    """Return a record set's type and full name."""
    return f"{key(record)[1]} {record.fqdn.rstrip('.')}"


def record_set(record: Record) -> RecordSet:
    """Return a record set as in a zone file."""
    return RecordSet(record.ttl, tuple(record.to_rrset().rdatas))


def texts(record: Record | None) -> dict[str, Any]:
    """Return octoDNS's values of a record set by their text: as in a zone file, TXT unquoted."""
    if not record:
        return {}
    if key(record)[1] == "TXT":
        return {value.to_raw_text(): value for value in record.values}
    return {value.to_rdata_text(): value for value in record.values}


def rdata(record_type: str, text: str) -> str:
    """Return a value as in a zone file."""
    if record_type == "TXT":
        return str(TxtValue(TxtValue.normalize_raw_text(text)).to_rdata_text())
    return text


def new_values(zone: Zone, name_type: Key, values: Iterable[str]) -> list[Any]:
    """Return octoDNS's values for texts of ours."""
    name, record_type = name_type
    rdatas = [rdata(record_type, value) for value in values]
    rrset = Rrset(f"{name}.{zone.name}".lstrip("."), record_type, 0, rdatas)
    return list(Record.from_rrset(zone, rrset).values)


def new_record(
    zone: Zone, name_type: Key, ttl: int, values: list[Any], existing: Record | None = None
) -> Record:
    """Return a record set of octoDNS's values, ours and others', so however odd."""
    name, record_type = name_type
    data = {"type": record_type, "ttl": ttl, "values": values}
    if existing:  # what its provider keeps beside the values, like Cloudflare's comments and tags
        data["octodns"] = existing.octodns
    return Record.new(zone, name, data, lenient=True)
