"""Delivery status notifications, and recipients of the inventory: present and missing."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding
from deploys.checks.delivery.dsn import notifications
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.recipients import recipients
from deploys.checks.delivery.test_messages import Route
from tests.checks.cases.pair import Case, Pair
from tests.checks.smtp_servers import Handler, NoAbuse, serving
from tests.checks.worlds import fleet, inspected, world

SENDER = "postmaster@harbor.example"
RECIPIENTS = {"success": "visitor@faraway.example", "failure": "no-such-user-run@faraway.example"}
ACTIONS = {"success": "relayed", "failure": "failed"}
STATUSES = {"success": "2.0.0", "failure": "5.1.1"}


def notice(notify: str, **changed: str) -> bytes:
    """Return a notice as Postfix writes it, with some values changed."""
    values = {
        "kind": "multipart/report; report-type=delivery-status",
        "envelope": "Original-Envelope-Id",
        "id": "run-1",
        "server": "mx1.harbor.example",
        "recipient": RECIPIENTS[notify],
        "action": ACTIONS[notify],
        "status": STATUSES[notify],
        "returned": "run-1",
        **changed,
    }
    return """From: MAILER-DAEMON@mx1.harbor.example
Subject: Notice
Content-Type: {kind}; boundary="edge/1"

--edge/1
Content-Type: text/plain

It is said below.

--edge/1
Content-Type: message/delivery-status

Reporting-MTA: dns; {server}
{envelope}: {id}

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--edge/1
Content-Type: text/rfc822-headers

From: postmaster@harbor.example
X-Pyinfra-Mail-Test: {returned}

--edge/1--
""".format_map(values).encode()


def sent(notify: str, raw: bytes | None) -> Delivery:
    """Return what became of a message that was sent for its notice."""
    message = TestMessage("run-1", SENDER, RECIPIENTS[notify], SENDER, notify=notify)
    route = Route(message, "mx1", "harbor.example", (Mailbox("mx1", "/var/mail/root"),))
    return Delivery(route, Submitted(10.0), Received(11.0, raw) if raw else None)


def judged(notify: str, raw: bytes | None) -> Case:
    return lambda _folder: inspected(notifications, [sent(notify, raw)])


def asked(handler: Handler) -> Case:
    """Ask a server on this machine for every recipient."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(handler) as port:
            return list(recipients(fleet(), world(folder, port=port)))

    return case


CASES: Mapping[str, Pair] = {
    "delivery.recipients": Pair(asked(Handler()), asked(NoAbuse())),
    "delivery.success_notice": Pair(judged("success", notice("success")), judged("success", None)),
    "delivery.failure_notice": Pair(judged("failure", notice("failure")), judged("failure", None)),
}
