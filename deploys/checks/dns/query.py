"""One query to every authoritative server of a name."""

from collections.abc import Callable
from dataclasses import dataclass

from ..core.finding import Check, Finding
from ..core.world import Answer, UnansweredError, World

ALL_ANSWER = "make every name server of the zone answer at every address, on UDP and TCP port 53"


@dataclass(frozen=True)
class RecordQuery:
    """A name and a record type, and the function that makes a finding of each server's answer."""

    check: Check
    subject: str
    name: str
    rdtype: str
    finding: Callable[[Answer], Finding]


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
        else query.finding(answer)
        for answer in answers
    ]
