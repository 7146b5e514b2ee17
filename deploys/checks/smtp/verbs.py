"""Commands of old that tell a stranger who exists."""

from collections.abc import Iterator, Mapping
from functools import partial

from deploys.checks.finding import Finding, Question
from deploys.checks.smtp.session import Endpoint, MisbehavedError, Reply, endpoints, reply, session
from deploys.checks.world import UnansweredError, World, side_by_side
from deploys.mail.settings import Fleet

VERBS = Question(
    "smtp.verbs",
    "host",
    "Do VRFY and EXPN tell strangers nothing about who exists?",
    "RFC 5321 section 7.3",
    why="Who may ask for names harvests them, for spam and for guessing passwords.",
    remedy="Set `disable_vrfy_command = yes`.",
)

_CANNOT_VERIFY = 252


def verbs(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host for its postmaster, who always exists."""
    doors = [door for host in fleet.hosts for door in endpoints(host)]
    answers = side_by_side(partial(_asked, door, world) for door in doors)
    for door, answer in zip(doors, answers, strict=True):
        if isinstance(answer, Exception):
            saw = f"not asked: {answer}"
            yield VERBS.unknown(door.host, saw, "mend smtp.connect first")
            continue
        for command, said in answer.items():
            yield _judged(door, command, said)


def _asked(door: Endpoint, world: World) -> Mapping[str, Reply] | MisbehavedError | UnansweredError:
    try:
        with session(door, world) as client:
            return {verb: reply(client.docmd(verb, "postmaster")) for verb in ("VRFY", "EXPN")}
    except (MisbehavedError, UnansweredError) as problem:
        return problem


def _judged(door: Endpoint, command: str, said: Reply) -> Finding:
    saw = f"{door} answered {command} postmaster: {said}"
    if said.code == _CANNOT_VERIFY or said.code // 100 in (4, 5):
        return VERBS.ok(door.host, saw)
    return VERBS.error(
        door.host, saw, f"set disable_vrfy_command = yes, so that {command} tells nothing"
    )
