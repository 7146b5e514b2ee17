"""
Digests of the parts of a record set that can be ours: a value, or a term of an SPF policy.

A value among those of others is ours or theirs as a whole. An SPF policy is one value with several
authors (RFC 7208 section 3.2), so each of its terms has an owner. The mechanism `all` applies to
every other sender, so it stays while another term remains.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from octodns.record import Record
from octodns.zone import Zone

from ...mail import spf
from ...mail.records import MailRecord
from ..model import recordsets
from ..model.recordsets import RecordKey
from .registry import digest

SPF = "SPF"  # the label of the terms of a policy; every other label is a record type

Digests = Mapping[RecordKey, Collection[str]]


def labels(record_type: str) -> tuple[str, ...]:
    """Return the labels of the parts that a record set of a type may have."""
    if record_type == SPF:  # the obsolete type (RFC 7208 section 3.1), which is never ours
        return ()
    return (record_type, SPF) if record_type == "TXT" else (record_type,)


def of_zone(zone: Zone, keys: Collection[RecordKey]) -> dict[RecordKey, set[str]]:
    """Return the digests in a zone by name and label, of these only: no other set is converted."""
    digests: dict[RecordKey, set[str]] = {}
    for (name, record_type), record in recordsets.sets(zone).items():
        if not any((name, label) in keys for label in labels(record_type)):
            continue
        for label, text in _atoms(record_type, recordsets.texts(record)):
            digests.setdefault((name, label), set()).add(digest(text))
    return digests


def of_records(zone: Zone, records: Iterable[MailRecord]) -> dict[RecordKey, set[str]]:
    """Return the digests that records of ours have in a zone, by name and label."""
    digests: dict[RecordKey, set[str]] = {}
    for record in records:
        key = zone.hostname_from_fqdn(f"{record.name}."), record.type
        values = recordsets.new_values(zone, key, record.values)
        texts = recordsets.texts(recordsets.new_record(zone, key, record.ttl, values))
        for label, text in _atoms(record.type, texts):
            digests.setdefault((key[0], label), set()).add(digest(text))
    return digests


def remaining(zone: Zone, record: Record, stale: Digests, ours: Digests) -> list[Any]:
    """Return octoDNS's values of a record set without our stale ones."""
    name, record_type = recordsets.key(record)
    policy = (name, SPF)
    values: list[Any] = []
    for text, value in recordsets.texts(record).items():
        if record_type == "TXT" and spf.is_policy(text):
            shorter = _shorter(text, stale[policy], ours.get(policy, ()))
            if shorter and shorter != text:
                values += recordsets.new_values(zone, (name, record_type), [shorter])
            elif shorter:
                values.append(value)
        elif digest(text) not in stale[name, record_type]:
            values.append(value)
    return values


def _atoms(record_type: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        if record_type == "TXT" and spf.is_policy(text):
            yield from ((SPF, term) for term in _terms(text))
        else:
            yield record_type, text


def _terms(policy: str) -> list[str]:
    return [term for term in policy.split(" ")[1:] if term]


def _shorter(policy: str, stale: Collection[str], ours: Collection[str]) -> str:
    """Return a policy without its stale terms, or nothing of a policy that is all ours."""
    terms = _terms(policy)
    if not stale:
        return policy
    if all(digest(term) in ours for term in terms):
        return ""
    kept = [term for term in terms if digest(term) not in stale or spf.is_all(term)]
    return " ".join((spf.VERSION, *kept)) if kept != terms else policy
