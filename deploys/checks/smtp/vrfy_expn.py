"""
Commands of old that tell a stranger who exists.

Somebody who is there and somebody who is not are asked for. A server that answers both alike tells
nothing, unless it names a mailbox.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from ...mail.settings.model import Fleet, MailSettings
from ..clients.addresses import nobody
from ..clients.smtp import Endpoint, MisbehavedError, Reply, endpoints, reply, session
from ..core.finding import Finding, Question
from ..core.world import UnansweredError, World, side_by_side

VERBS = Question(
    "smtp.verbs",
    "host",
    "Do VRFY and EXPN tell strangers nothing about who exists?",
    "RFC 5321 section 7.3",
    why="Who may ask for names harvests them, for spam and for guessing passwords.",
    remedy="Set `disable_vrfy_command = yes`.",
)

# RFC 5321 section 3.5.1: these come with a mailbox, 252 does not.
_NAMES = {250, 251}

Said = Mapping[str, Reply]


def verbs(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Ask every address of every host for its postmaster, who always exists, and for nobody."""
    asked = [(door, host) for host in fleet.hosts for door in endpoints(host)]
    answers = side_by_side(partial(_asked, door, host, world) for door, host in asked)
    for (door, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, Exception):
            saw = f"not asked: {answer}"
            yield VERBS.unknown(door.host, saw, "mend smtp.connect first")
            continue
        for command, said in answer.items():
            yield judged(door, command, said)


def _asked(
    door: Endpoint, host: MailSettings, world: World
) -> Mapping[str, Said] | MisbehavedError | UnansweredError:
    domain = next(iter(host.domains), host.hostname)
    people = f"postmaster@{domain}", nobody(domain)
    try:
        with session(door, world) as client:
            return {
                verb: {address: reply(client.docmd(verb, address)) for address in people}
                for verb in ("VRFY", "EXPN")
            }
    except (MisbehavedError, UnansweredError) as problem:
        return problem


def judged(door: Endpoint, command: str, said: Said) -> Finding:
    """Judge what one command answered about somebody and about nobody."""
    saw = f"{door} answered {_listed(command, said)}"
    if not all(answer.positive or answer.refused for answer in said.values()):
        return VERBS.unknown(door.host, saw, f"see what {door} is: this is no answer to {command}")
    if any(_names(answer) for answer in said.values()) or len(set(_alike(said))) > 1:
        fix = f"set disable_vrfy_command = yes, so that {command} tells nothing"
        return VERBS.error(door.host, saw, fix)
    return VERBS.ok(door.host, saw)


def _listed(command: str, said: Said) -> str:
    return ", ".join(f"{command} {address}: {answer}" for address, answer in said.items())


def _names(answer: Reply) -> bool:
    return answer.code in _NAMES and bool(set("<@") & set(answer.text))


def _alike(said: Said) -> Iterator[tuple[int, str]]:
    """Yield each answer without what differs in any case: who was asked for, and serial numbers."""
    for address, answer in said.items():
        text = re.sub(re.escape(address.partition("@")[0]), "", answer.text, flags=re.IGNORECASE)
        status = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
        words = [word for word in text.split() if not re.search(r"\d", word)]
        yield answer.code, " ".join([status[0] if status else "", *words])
