"""
What a sender is told: that a message was delivered, if asked for, and that another was not.

The notice is looked for in the mailbox of the sender, as any message is in that of its recipient.
"""

from collections.abc import Iterable, Iterator

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding
from .dsn import Report, report_in
from .exchange import Delivery

SUCCESS = Check(
    "delivery.success_notice",
    "domain",
    "Is a sender who asks for it told that a message was delivered?",
    "RFC 3461 section 4.1",
    why="It is the proof of delivery that mail has: who needs one has no other.",
    remedy="Let the trace and bounce services of Postfix run, and see the mail log.",
)
FAILURE = Check(
    "delivery.failure_notice",
    "domain",
    "Is a sender told at once that a message could not be delivered, and why?",
    "RFC 5321 section 6.1, RFC 3464",
    why="Who is not told waits for an answer to a message that nobody ever got.",
    remedy="Let the bounce service of Postfix run, and the sender's mailbox be reached from it.",
)

_OF = {"success": SUCCESS, "failure": FAILURE}
# RFC 3464 section 2.3.3: relayed is said where the next server does not give notices.
_ACTIONS = {"success": ("delivered", "relayed"), "failure": ("failed",)}


def told(deliveries: Iterable[Delivery], fleet: Fleet) -> Iterator[Finding]:
    """Judge the notice of each message that was sent for it."""
    deliveries = tuple(deliveries)
    silent = {name for delivery in deliveries for name in delivery.silent}
    away = {
        witness.address.partition("@")[2]: witness.inventory_name
        for witness in fleet.witnesses
        if witness.inventory_name in silent
    }
    for delivery in deliveries:
        if delivery.route.message.notify:
            yield _judged(delivery, fleet, away.get(_domain(delivery.route.message.recipient), ""))


def _judged(delivery: Delivery, fleet: Fleet, silent: str) -> Finding:
    route, message = delivery.route, delivery.route.message
    check, path = _OF[message.notify], f"{route.path}, NOTIFY={message.notify.upper()}"
    if delivery.received:
        return _said(delivery, report_in(delivery.received.raw), fleet)
    if delivery.submitted and delivery.submitted.refusal:
        saw = f"{path}: refused, {delivery.submitted.refusal}"
        return check.error(route.domain, saw, f"mend what the answer names, on {route.host}")
    if delivery.unasked or silent:
        fix = f"deliver {message.sender} to a user of a host of the inventory, and let all answer"
        why = delivery.unasked or f"{silent} did not answer, and no notice came"
        return check.unknown(route.domain, f"{path}: {why}", fix)
    boxes = " or ".join(f"{box.path} on {box.host}" for box in route.boxes)
    fix = f"look for {message.id} in the mail log and the queue (mailq) of {route.host}"
    return check.error(route.domain, f"{path}: no notice in {boxes}", fix)


def _said(delivery: Delivery, report: Report | None, fleet: Fleet) -> Finding:
    route, message = delivery.route, delivery.route.message
    check, path = _OF[message.notify], f"{route.path}, NOTIFY={message.notify.upper()}"
    if report is None:
        fix = f"see bounce_template_file of {route.host}, and what changes its mail"
        return check.error(route.domain, f"{path}: what came is no notice", fix)
    saw = (
        f"{path}: {report.server or 'nobody'} says {report.action or 'nothing'} "
        f"{report.status or 'without a status'} of {report.recipient or 'nobody'}"
    )
    if wrong := _wrong(delivery, report, fleet):
        fix = f"look for {message.id} in the mail log of {route.host}: {wrong}"
        return check.error(route.domain, f"{saw}; {wrong}", fix)
    return check.ok(route.domain, saw)


def _wrong(delivery: Delivery, report: Report, fleet: Fleet) -> str:
    """Return what a notice should say instead, or nothing."""
    message = delivery.route.message
    actions = _ACTIONS[message.notify]
    begin = "2." if message.notify == "success" else "5."
    ours = fleet.host(delivery.route.host).hostname
    if report.action not in actions:
        return f"the action should be {' or '.join(actions)}"
    if not report.status.startswith(begin):
        return f"the status should be {begin}x.x"
    if report.recipient != message.recipient.lower():
        return f"the recipient should be {message.recipient}"
    if report.server != ours and report.action != "delivered":
        return f"the server should be {ours}"
    return "" if report.returned == message.id else "the message's headers should come back"


def _domain(address: str) -> str:
    return address.partition("@")[2]
