"""
Walk over a list, in two passes: its domains, and then the verdict on each of its lines.

The domains are asked about between the passes, and suppressed recipients during the second. Apart
from domains, a line stays in memory as two digests only.
"""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

from ...dns.reception import Receptions
from ...mail.recipient_address import recipient_address
from ...run import reports
from ..core.finding import Severity, printable
from ..core.progress import Progress
from .file import ListFile, ListLine
from .result import ListResult
from .verdicts import OF_DOMAINS, LineVerdict, Reason, Verdicts

HEADER = ("line", "address", "verdict", "reason")
WHAT = "the result of the list"
AT_ONCE = 10_000  # addresses that a store is asked about
SuppressedOf = Callable[[Sequence[str]], Mapping[str, str]]  # of addresses: reasons, by address
_TASK = "list"
_WIDTH = 20  # characters of the bar


@dataclass(frozen=True)
class ListQuestions:
    """Questions of a list: to the DNS about domains, and to stores about recipients."""

    receptions: Receptions
    suppressed: SuppressedOf | None = None


def walk(
    source: ListFile, questions: ListQuestions, path: Path, progress: Progress, fails_at: Severity
) -> ListResult:
    """Check a list and write the verdict on each line as CSV; raise MailError if that fails."""
    started, clock = datetime.now(UTC), time.monotonic()
    domains = dict.fromkeys(_domains(source, progress))
    receptions = questions.receptions
    found = receptions.of_all(domains, _counter(progress, len(domains), "domains asked about"))
    progress.done(f"{len(domains):,} domains of the list checked")
    verdicts = Verdicts(found, source.most)
    counts: Counter[Reason] = Counter()
    lost: Counter[tuple[str, Reason]] = Counter()
    count = _counter(progress, source.most, "lines judged")
    with reports.private(path, WHAT) as stream:
        for number, one in _judged(source.lines(), verdicts, questions.suppressed, stream):
            counts[one.reason] += 1
            if one.reason in OF_DOMAINS:
                lost[one.domain, one.reason] += 1
            count(number)
    return ListResult(
        name=source.path.name,
        started=started,
        seconds=time.monotonic() - clock,
        counts=counts,
        lost=lost,
        domains=len(domains),
        fails_at=fails_at,
        given_up=receptions.gave_up,
    )


def _judged(
    lines: Iterator[ListLine], verdicts: Verdicts, suppressed: SuppressedOf | None, stream: TextIO
) -> Iterator[tuple[int, LineVerdict]]:
    """Write the verdict on each line, and yield it with the line's number."""
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(HEADER)
    while some := [*islice(lines, AT_ONCE)]:
        found = suppressed([*_addresses(some)]) if suppressed else {}
        for line in some:
            verdict = verdicts.on(line, found)
            row = (line.number, printable(line.text), verdict.reason.severity, verdict.words)
            rows.writerow(row)
            yield line.number, verdict


def _addresses(lines: Iterable[ListLine]) -> Iterator[str]:
    """Yield the folded address of each line that has one."""
    for line in lines:
        with suppress(ValueError):
            yield recipient_address(line.text).folded


def _domains(source: ListFile, progress: Progress) -> Iterator[str]:
    """Yield the domain of every valid address that has one."""
    count = _counter(progress, source.most, "lines read")
    for line in source.lines():
        count(line.number)
        try:
            address = recipient_address(line.text)
        except ValueError:
            continue
        if not address.literal:
            yield address.domain


def _counter(progress: Progress, total: int, what: str) -> Callable[[int], None]:
    """Return a function that shows a bar for a number of so many, each hundredth once."""
    step = max(1, total // 100)

    def count(done: int) -> None:
        if done % step == 0:
            filled = "#" * (_WIDTH * done // total)
            progress.now(_TASK, f"[{filled:-<{_WIDTH}}] {done:,} of {total:,} {what}")

    return count
