"""Attendance of the hosts: a host without an answer leaves its checks unknown."""

from collections.abc import Iterable, Iterator

from ..core.finding import Check, Finding, Severity
from ..delivery.exchange import Delivery

HOST = Check(
    "run.host",
    "host",
    "Did every host answer during the run?",
    "the inventory",
    why="The checks of a host that does not answer are unknown.",
    remedy="Make it reachable by SSH, and look at its load, its disk and sshd.",
)


def present(attendance: Iterable[Finding], deliveries: Iterable[Delivery]) -> Iterator[Finding]:
    """Yield a finding for each host; one that stopped answering during the checks is an error."""
    known = {finding.subject: finding for finding in attendance}
    silent = {name: one.problem for one in deliveries for name in one.silent}
    for name in dict.fromkeys((*known, *sorted(silent))):
        finding = known.get(name)
        if name in silent and (finding is None or finding.severity is Severity.OK):
            saw = silent[name] or f"{name} did not answer"
            yield HOST.error(name, saw, f"look at the load, the disk and sshd of {name}")
        elif finding:
            yield finding
