"""
Delivery status notifications (DSN, RFC 3461, RFC 3464) that a sender receives.

The DSN is looked for in the sender's mailbox, as a message is in that of its recipient.
"""

from collections.abc import Iterator

from ...mail.settings.model import Fleet
from ..clients.dsn import Dsn, parsed
from ..core.finding import Check, Finding
from ..core.world import World
from .exchange import Delivery
from .inspection import Deliveries, of_messages

SUCCESS = Check(
    "delivery.success_notice",
    "domain",
    "Does a sender receive a DSN of success, if it asks for one?",
    "RFC 3461 section 4.1",
    why="It is the only proof of delivery that mail has.",
    remedy="Run the trace and bounce services of Postfix, and see the mail log.",
)
FAILURE = Check(
    "delivery.failure_notice",
    "domain",
    "Does a sender receive a DSN of failure at once, with the reason?",
    "RFC 5321 section 6.1, RFC 3464",
    why="Without it a sender waits for an answer to a message that was lost.",
    remedy="Run the bounce service of Postfix, and check its way to the sender's mailbox.",
)

_CHECKS = {"success": SUCCESS, "failure": FAILURE}
# RFC 3464 section 2.3.3: relayed is for a next server that does not send a DSN.
_ACTIONS = {"success": ("delivered", "relayed"), "failure": ("failed",)}


@of_messages(SUCCESS, FAILURE, dsn=True)
def notifications(deliveries: Deliveries, fleet: Fleet, _world: World) -> Iterator[Finding]:
    """Check the DSN of each message that was sent for it."""
    silent = {name for delivery in deliveries for name in delivery.silent}
    silent_domains = {
        _domain(witness.address): witness.inventory_name
        for witness in fleet.witnesses
        if witness.inventory_name in silent
    }
    for delivery in deliveries:
        if delivery.route.message.notify:
            witness = silent_domains.get(_domain(delivery.route.message.recipient), "")
            yield _finding(delivery, fleet, witness)


def _finding(delivery: Delivery, fleet: Fleet, silent_witness: str) -> Finding:
    route, message = delivery.route, delivery.route.message
    check, path = _CHECKS[message.notify], _path(delivery)
    if delivery.received:
        return _of_dsn(delivery, parsed(delivery.received.raw), fleet)
    if delivery.refusal:
        saw = f"{path}: refused, {delivery.refusal}"
        return check.error(route.domain, saw, f"fix what the reply names, on {route.host}")
    if delivery.problem or silent_witness:
        fix = f"deliver {message.sender} to a user of a mail host; check that all hosts answer"
        why = delivery.problem or f"{silent_witness} did not answer, and no DSN arrived"
        return check.unknown(route.domain, f"{path}: {why}", fix)
    fix = f"look for {message.id} in the mail log and the queue (mailq) of {route.host}"
    return check.error(route.domain, f"{path}: no DSN in {route.places}", fix)


def _of_dsn(delivery: Delivery, dsn: Dsn | None, fleet: Fleet) -> Finding:
    route, message = delivery.route, delivery.route.message
    check, path = _CHECKS[message.notify], _path(delivery)
    if dsn is None:
        fix = f"see bounce_template_file of {route.host}, and any filter that changes its mail"
        return check.error(route.domain, f"{path}: the message that arrived is no DSN", fix)
    saw = (
        f"{path}: {dsn.server or 'an unnamed server'} reports {dsn.action or 'no action'}, "
        f"status {dsn.status or 'none'}, for {dsn.recipient or 'no recipient'}"
    )
    if correction := _correction(delivery, dsn, fleet):
        fix = f"look for {message.id} in the mail log of {route.host}: {correction}"
        return check.error(route.domain, f"{saw}; {correction}", fix)
    return check.ok(route.domain, saw)


def _correction(delivery: Delivery, dsn: Dsn, fleet: Fleet) -> str:
    """Return the field that a DSN should have instead, or nothing."""
    message = delivery.route.message
    actions = _ACTIONS[message.notify]
    status = "2." if message.notify == "success" else "5."
    hostname = fleet.host(delivery.route.host).hostname
    if dsn.action not in actions:
        return f"the action should be {' or '.join(actions)}"
    if not dsn.status.startswith(status):
        return f"the status should be {status}x.x"
    if dsn.recipient != message.recipient.lower():
        return f"the recipient should be {message.recipient}"
    if dsn.server != hostname and dsn.action != "delivered":
        return f"the server should be {hostname}"
    return "" if dsn.returned == message.id else "the message's headers should be returned"


def _path(delivery: Delivery) -> str:
    return f"{delivery.route.path}, NOTIFY={delivery.route.message.notify.upper()}"


def _domain(address: str) -> str:
    return address.partition("@")[2]
