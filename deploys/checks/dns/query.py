"""One query to every authoritative server of a name."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...mail.tags import is_misspelt
from ..core.finding import Check, Finding, RecordSeen, shortened
from ..core.world import Answer, UnansweredError, World

ALL_ANSWER = "make every name server of the zone answer at every address, on UDP and TCP port 53"
_MOST, _LONGEST = 20, 500  # values and characters of a foreign record set
_SHORT = 200  # characters of foreign text in a finding


@dataclass(frozen=True)
class RecordQuery:
    """
    A name and a record type, and the function that makes a finding of each server's answer.

    + expected: the values that the record set should have, if they are known
    + concerns: tells whether a value is of this check, where a name has others too
    """

    check: Check
    subject: str
    name: str
    rdtype: str
    finding: Callable[[Answer], Finding]
    expected: tuple[str, ...] = ()
    concerns: Callable[[str], bool] = bool

    def seen(self, answer: Answer) -> RecordSeen:
        """Return the record set on one server."""
        found = [shortened(value, _LONGEST) for value in answer.values if self.concerns(value)]
        return RecordSeen(self.name, self.rdtype, self.expected, tuple(found[:_MOST]))


def per_server(query: RecordQuery, world: World) -> list[Finding]:
    """Return a finding for every authoritative server at every address."""
    check, subject, name = query.check, query.subject, query.name
    try:
        answers = world.names.authoritative(name, query.rdtype)
    except UnansweredError as problem:
        return [check.unknown(subject, str(problem), ALL_ANSWER)]
    if not answers:
        return [check.unknown(subject, f"no name server of {name} was found", ALL_ANSWER)]
    return [
        check.unknown(subject, f"{answer.server} about {name}: {answer.problem}", ALL_ANSWER)
        if answer.problem
        else replace(query.finding(answer), record=query.seen(answer))
        for answer in answers
    ]


def discarded(
    check: Check, subject: str, name: str, version: str, answer: Answer
) -> Finding | None:
    """Return the error of a policy that receivers discard, as its version is misspelt."""
    if text := next((one for one in answer.values if is_misspelt(one, version)), ""):
        saw = f"{answer.server}: {text[:_SHORT]} is no policy, and receivers ignore it"
        return check.error(subject, saw, f"begin the TXT record at {name} with 'v={version};'")
    return None
