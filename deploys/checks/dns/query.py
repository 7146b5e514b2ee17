"""One question about one name, asked of every authoritative server."""

from collections.abc import Callable
from dataclasses import dataclass

from ..core.finding import Check, Finding
from ..core.world import Answer, UnansweredError, World


@dataclass(frozen=True)
class Inquiry:
    """One question about one name, and how to judge each server's answer."""

    check: Check
    subject: str
    name: str
    rdtype: str
    judge: Callable[[Answer], Finding]


def inquire(world: World, inquiry: Inquiry) -> list[Finding]:
    """Ask every authoritative server one check."""
    check, subject, name = inquiry.check, inquiry.subject, inquiry.name
    fix = "let every name server of the zone answer, at every address, by UDP and TCP port 53"
    try:
        answers = world.names.authoritative(name, inquiry.rdtype)
    except UnansweredError as problem:
        return [check.unknown(subject, str(problem), fix)]
    if not answers:
        return [check.unknown(subject, f"no name server of {name} could be found", fix)]
    return [
        check.unknown(subject, f"{answer.server} about {name}: {answer.problem}", fix)
        if answer.problem
        else inquiry.judge(answer)
        for answer in answers
    ]
