"""
VRFY and EXPN commands: they must not reveal which addresses exist.

They are sent for postmaster, which always exists, and for an unknown recipient. A server that
answers both alike reveals nothing, unless it names a mailbox.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from ...mail.settings.model import MailSettings
from ..clients.addresses import unknown_recipient
from ..clients.endpoint import Endpoint, per_endpoint
from ..clients.smtp import Reply, reply, session
from ..core.finding import Check, Finding
from ..core.world import World

VERBS = Check(
    "smtp.verbs",
    "host",
    "Do VRFY and EXPN keep secret which addresses exist?",
    "RFC 5321 section 7.3",
    why="With these commands, spammers collect addresses, and attackers the names of accounts.",
    remedy="Set `disable_vrfy_command = yes`.",
    when_unknown="fix smtp.connect first",
)

# RFC 5321 section 3.5.1: these replies name a mailbox, 252 does not.
_NAMES = {250, 251}

VerbReplies = Mapping[str, Reply]  # by address


@per_endpoint(VERBS)
def verbs(endpoint: Endpoint, host: MailSettings, world: World) -> Iterable[Finding]:
    """Send both commands for postmaster and for an unknown recipient."""
    domain = next(iter(host.domains), host.hostname)
    addresses = f"postmaster@{domain}", unknown_recipient(domain)
    with session(endpoint, world) as client:
        replies = {
            verb: {address: reply(client.docmd(verb, address)) for address in addresses}
            for verb in ("VRFY", "EXPN")
        }
    return [finding(endpoint, verb, replies[verb]) for verb in replies]


def finding(endpoint: Endpoint, verb: str, replies: VerbReplies) -> Finding:
    """Return the finding about the replies to one command."""
    listed = ", ".join(f"{verb} {address}: {answer}" for address, answer in replies.items())
    saw = f"{endpoint} answered {listed}"
    if not all(answer.positive or answer.refused for answer in replies.values()):
        fix = f"find out which program answers at {endpoint}: this is no reply to {verb}"
        return VERBS.unknown(endpoint.host, saw, fix)
    if any(_names(answer) for answer in replies.values()) or len(set(_comparable(replies))) > 1:
        return VERBS.error(endpoint.host, saw, "set disable_vrfy_command = yes")
    return VERBS.ok(endpoint.host, saw)


def _names(answer: Reply) -> bool:
    return answer.code in _NAMES and bool(set("<@") & set(answer.text))


def _comparable(replies: VerbReplies) -> Iterator[tuple[int, str]]:
    """Yield each reply without the parts that always differ: the address, and serial numbers."""
    for address, answer in replies.items():
        text = re.sub(re.escape(address.partition("@")[0]), "", answer.text, flags=re.IGNORECASE)
        status = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
        words = [word for word in text.split() if not re.search(r"\d", word)]
        yield answer.code, " ".join([status[0] if status else "", *words])
