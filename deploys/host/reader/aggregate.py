"""
DMARC aggregate reports as sums (RFC 9990, RFC 7489), by the parser dmarc-report.

The parser refuses what is not valid, declarations of entities among it. Each count is bounded, and
so is the number of sources: those with the fewest messages become one row.
"""

from collections import Counter
from collections.abc import Iterator

from dmarc_report.exceptions import DMARCParseError
from dmarc_report.parser import DMARCParser, ParserLimits
from dmarc_report.schema import DMARCResult, Record

from ...mail.report_store import OTHERS, DomainReport, Source, day_of
from .archive import LARGEST_UNPACKED, Unreadable
from .limits import MOST_ROWS, bounded, require_recent

_LIMITS = ParserLimits(
    max_input_bytes=LARGEST_UNPACKED,
    max_decompressed_bytes=LARGEST_UNPACKED,
    max_records=50_000,
    max_text_bytes=4096,
)


def dmarc_report(document: bytes, sender: str, now: float) -> DomainReport:
    """Return the sums of a report; raise Unreadable."""
    try:
        found = DMARCParser.parse_bytes(document, limits=_LIMITS)
    except DMARCParseError as problem:
        raise Unreadable(f"the DMARC report is not valid: {problem}") from problem
    except (ValueError, LookupError) as problem:  # of an encoding that Python does not know
        raise Unreadable(f"the DMARC report cannot be decoded: {problem}") from problem
    metadata, policy = found.report_metadata, found.policy_published
    require_recent(metadata.date_range.begin, metadata.date_range.end, now)
    return DomainReport(
        kind="dmarc",
        sender=sender,
        report_id=metadata.report_id.strip()[:255],
        domain=policy.domain.lower().rstrip("."),
        day=day_of(metadata.date_range.begin),
        policy=policy.p.value,
        sources=tuple(_sources(found.records)),
    )


def _sources(records: list[Record]) -> Iterator[Source]:
    counts: Counter[tuple[str, str, bool, bool]] = Counter()
    for record in records:
        result = record.policy_evaluated
        aligned = result.dkim is DMARCResult.PASS, result.spf is DMARCResult.PASS
        counts[record.source_ip, result.disposition.value, *aligned] += record.count
    ranked = counts.most_common()
    rest: Counter[tuple[str, str, bool, bool]] = Counter()
    for (_, *result_of), messages in ranked[MOST_ROWS:]:
        rest[OTHERS, *result_of] += messages  # type: ignore[index]
    for key, messages in (*ranked[:MOST_ROWS], *rest.items()):
        yield Source(*key, bounded(messages))
