"""Table of records: the values that each should have, beside those on the name servers."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..core.finding import WORST_FIRST, Finding, RecordSeen, Severity
from ..core.report import Report

MOST = 300  # rows
_TEXT = 255  # octets of a string in a TXT record (RFC 1035 section 3.3.14)


@dataclass(frozen=True)
class RecordRow:
    """A record set: what is expected, what was found, and the line of a zone file for it."""

    name: str
    type: str
    severity: Severity
    expected: tuple[str, ...]
    found: tuple[str, ...]
    zone_lines: str


def record_rows(report: Report) -> list[RecordRow]:
    """Return a row for each record set of the report, those with problems first."""
    sets: dict[tuple[str, str, tuple[str, ...]], list[tuple[Finding, RecordSeen]]] = {}
    for one in report.findings:
        if (record := one.record) and (record.expected or record.found):
            key = record.name, record.type, _family(one)
            sets.setdefault(key, []).append((one, record))
    rows = [_row(key[0], key[1], seen) for key, seen in sets.items()]
    return sorted(rows, key=lambda row: WORST_FIRST.index(row.severity))[:MOST]


def _family(finding: Finding) -> tuple[str, ...]:
    # A name may have TXT records of several kinds.
    return (finding.id,)


def _row(name: str, type_: str, seen: Iterable[tuple[Finding, RecordSeen]]) -> RecordRow:
    findings = [finding for finding, _ in seen]
    records = [record for _, record in seen]
    expected = tuple(dict.fromkeys(one for record in records for one in record.expected))
    found = tuple(dict.fromkeys(", ".join(record.found) or "nothing" for record in records))
    worst = min((one.severity for one in findings), key=WORST_FIRST.index)
    lines = "\n".join(f"{name}. IN {type_} {_data(type_, value)}" for value in expected)
    return RecordRow(name, type_, worst, expected, found, lines)


def _data(type_: str, value: str) -> str:
    if type_ != "TXT":
        return value
    parts = [value[start : start + _TEXT] for start in range(0, len(value), _TEXT)]
    return " ".join('"' + part.replace("\\", r"\\").replace('"', r"\"") + '"' for part in parts)
