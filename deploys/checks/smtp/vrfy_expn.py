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
from ..clients.endpoint import Endpoint, smtp_endpoints
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.world import MisbehavedError, UnansweredError, World, side_by_side

VERBS = Check(
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
    asked = [(endpoint, host) for host in fleet.hosts for endpoint in smtp_endpoints(host)]
    answers = side_by_side(partial(_asked, endpoint, host, world) for endpoint, host in asked)
    for (endpoint, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, Exception):
            saw = f"not asked: {answer}"
            yield VERBS.unknown(endpoint.host, saw, "mend smtp.connect first")
            continue
        for command, said in answer.items():
            yield judged(endpoint, command, said)


def _asked(
    endpoint: Endpoint, host: MailSettings, world: World
) -> Mapping[str, Said] | MisbehavedError | UnansweredError:
    domain = next(iter(host.domains), host.hostname)
    people = f"postmaster@{domain}", nobody(domain)
    try:
        with session(endpoint, world) as client:
            return {
                verb: {address: reply(client.docmd(verb, address)) for address in people}
                for verb in ("VRFY", "EXPN")
            }
    except (MisbehavedError, UnansweredError) as problem:
        return problem


def judged(endpoint: Endpoint, command: str, said: Said) -> Finding:
    """Judge what one command answered about somebody and about nobody."""
    saw = f"{endpoint} answered {_listed(command, said)}"
    if not all(answer.positive or answer.refused for answer in said.values()):
        return VERBS.unknown(
            endpoint.host, saw, f"see what {endpoint} is: this is no answer to {command}"
        )
    if any(_names(answer) for answer in said.values()) or len(set(_alike(said))) > 1:
        fix = f"set disable_vrfy_command = yes, so that {command} tells nothing"
        return VERBS.error(endpoint.host, saw, fix)
    return VERBS.ok(endpoint.host, saw)


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
