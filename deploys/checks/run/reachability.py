"""Who took part: a host that was silent leaves its questions open, and that is said of the host."""

from collections.abc import Iterable, Iterator

from ..core.finding import Check, Finding, Severity
from ..delivery.exchange import Delivery

HOST = Check(
    "run.host",
    "host",
    "Did every host take part in the run?",
    "the inventory",
    why="What a host that did not answer would have shown, nobody knows.",
    remedy="Let the controller reach it by SSH, and look at its load, its disk and sshd.",
)


def present(attendance: Iterable[Finding], deliveries: Iterable[Delivery]) -> Iterator[Finding]:
    """Say of each host whether it took part; one that fell silent in the proof did not."""
    known = {finding.subject: finding for finding in attendance}
    silent = {name: one.problem for one in deliveries for name in one.silent}
    for name in dict.fromkeys((*known, *sorted(silent))):
        finding = known.get(name)
        if name in silent and (finding is None or finding.severity is Severity.OK):
            saw = silent[name] or f"{name} did not answer"
            yield HOST.error(name, saw, f"look at the load, the disk and sshd of {name}")
        elif finding:
            yield finding
