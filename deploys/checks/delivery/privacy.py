"""Privacy of submitted mail: the client's address and program are not passed on."""

import re
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import default

from ...mail.settings.model import Fleet
from ..clients.message import PROGRAM
from ..core.finding import Check, Finding
from ..core.world import World
from .exchange import Delivery
from .inspection import Deliveries, of_messages

PRIVACY = Check(
    "delivery.privacy",
    "domain",
    "Does submitted mail hide the client's address and program?",
    "RFC 5321 section 7.6",
    why="The address shows where an author was, the program shows what can be attacked.",
    remedy="Keep the `header_checks` of the submission services.",
)


@of_messages(PRIVACY)
def submissions(deliveries: Deliveries, fleet: Fleet, _world: World) -> Iterator[Finding]:
    """Check each message that an account sent, by the headers that arrived."""
    for delivery in deliveries:
        if delivery.route.message.program and delivery.received:
            yield _finding(delivery, delivery.received.raw, fleet)


def _finding(delivery: Delivery, raw: bytes, fleet: Fleet) -> Finding:
    route = delivery.route
    message = BytesParser(policy=default).parsebytes(raw, headersonly=True)
    name = re.escape(fleet.host(route.host).hostname)
    received = [str(line) for line in message.get_all("Received", ())]
    leaks = [line for line in received if re.search(rf"^from\b.*\bby {name}\b", line, re.DOTALL)]
    agents = message.get_all("User-Agent", ())
    leaks += [f"User-Agent: {line}" for line in agents if line == PROGRAM]
    if leaks:
        fix = f"deploy {route.host}: submission needs its own cleanup service with header_checks"
        return PRIVACY.error(route.domain, f"{route.path}: passed on {leaks[0]}", fix)
    return PRIVACY.ok(route.domain, f"{route.path}: neither address nor program is passed on")
