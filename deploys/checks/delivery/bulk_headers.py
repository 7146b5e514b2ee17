"""
Fields of bulk mail that unsubscribe (RFC 8058), in a message as it arrived.

A bulk instance sends one to the postmaster of its host, and writes the fields itself. A valid DKIM
signature has to cover them: receivers show no button, and count no click, for fields that anybody
could have written.
"""

from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from ...mail.settings.model import Fleet, MailSettings
from ..core.finding import Check, Finding
from ..core.world import UnansweredError, World
from .dkim_signature import covered
from .exchange import Delivery
from .inspection import Deliveries, hosts_without, of_messages
from .integrity import unescaped
from .unsubscribe import FIELDS, ONE_CLICK, https_address

UNSUBSCRIBE = Check(
    "bulk.unsubscribe",
    "host",
    "Does bulk mail say how to unsubscribe, in fields that its signature covers?",
    "RFC 8058 section 4",
    why="Large receivers ignore fields without a signature, and refuse or hide the mail.",
    remedy="Deploy the host: rspamd writes the fields of bulk mail, and signs them.",
)
_WRITE = "deploy the host; see the log of rspamd, which writes the fields"
_SIGN = "deploy the host: rspamd signs them, unless a setting of its own leaves them out"
_MAILBOX = "lead postmaster of a domain of the host to a mailbox that the run can read"


@of_messages(UNSUBSCRIBE)
def fields(deliveries: Deliveries, fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check the message of each bulk stream."""
    sent = [one for one in deliveries if one.route.message.bulk]
    for delivery in sent:
        yield _finding(delivery, fleet.host(delivery.route.host), world)
    for host in hosts_without(sent, fleet):
        name = host.inventory_name
        if host.bulk and not fleet.verification.domain:
            saw = f"{name}: no mailbox of its domains can be read for a message of bulk mail"
            yield UNSUBSCRIBE.info(name, saw, _MAILBOX)


def _finding(delivery: Delivery, host: MailSettings, world: World) -> Finding:
    name, path = host.inventory_name, delivery.route.path
    if not delivery.received:
        saw = f"{path}: no message of bulk mail arrived"
        return UNSUBSCRIBE.unknown(name, saw, "fix delivery.arrived first")
    raw = unescaped(delivery.received.raw)
    message = BytesParser(policy=compat32).parsebytes(raw)
    wanted = FIELDS if host.one_click_name else FIELDS[:1]
    if missing := [one for one in wanted if not _is_valid(one, message, host)]:
        saw = f"{path}: bulk mail has no valid {' and '.join(missing)}"
        return UNSUBSCRIBE.error(name, saw, _WRITE)
    saw = f"{path}: {' and '.join(wanted)}"
    try:
        if covered(raw, message, wanted, world.names):
            return UNSUBSCRIBE.ok(name, f"{saw}, covered by a signature that verifies")
    except UnansweredError as problem:
        fix = "check that the resolver answers, then verify again"
        return UNSUBSCRIBE.unknown(name, f"{saw} cannot be verified: {problem}", fix)
    return UNSUBSCRIBE.error(name, f"{saw}: no signature that verifies covers them", _SIGN)


def _is_valid(field: str, message: Message, host: MailSettings) -> bool:
    value = str(message.get(field, "")).strip()
    if field == FIELDS[1]:
        return value == ONE_CLICK
    return bool(https_address(message)) if host.one_click_name else "<mailto:" in value
