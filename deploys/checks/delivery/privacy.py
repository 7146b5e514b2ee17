"""Privacy of submitted mail: the client's address and program are not passed on."""

import re
from collections.abc import Iterable, Iterator
from email.parser import BytesParser
from email.policy import default

from ...mail.settings.model import Fleet
from ..clients.message import PROGRAM
from ..core.finding import Check, Finding
from .exchange import Delivery

PRIVACY = Check(
    "delivery.privacy",
    "domain",
    "Does mail keep to itself where it was written, and with which program?",
    "RFC 5321 section 7.6",
    why="The address tells where an author was, the program what to attack.",
    remedy="Keep `header_checks` of the submission services.",
)


def private(deliveries: Iterable[Delivery], fleet: Fleet) -> Iterator[Finding]:
    """Judge each message that an account sent, by the bytes that arrived."""
    for delivery in deliveries:
        if delivery.route.message.program and delivery.received:
            yield _private(delivery, delivery.received.raw, fleet)


def _private(delivery: Delivery, raw: bytes, fleet: Fleet) -> Finding:
    route = delivery.route
    message = BytesParser(policy=default).parsebytes(raw, headersonly=True)
    name = re.escape(fleet.host(route.host).hostname)
    trace = [str(line) for line in message.get_all("Received", ())]
    told = [line for line in trace if re.search(rf"^from\b.*\bby {name}\b", line, re.DOTALL)]
    told += [f"User-Agent: {line}" for line in message.get_all("User-Agent", ()) if line == PROGRAM]
    if told:
        fix = "let submission have a cleanup service with header_checks of its own"
        return PRIVACY.error(route.domain, f"{route.path}: {told[0]}", fix)
    return PRIVACY.ok(route.domain, f"{route.path}: neither address nor program")
