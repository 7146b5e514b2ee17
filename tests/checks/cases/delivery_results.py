"""Messages from mx1 to the witness: with good results, and lost, slow or not authentic."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from deploys.checks.clients.endpoint import SubmissionEndpoint
from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding
from deploys.checks.delivery import arrival, authentication, dkim
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.inspection import MessageInspection
from deploys.checks.delivery.privacy import submissions
from deploys.checks.delivery.test_messages import Route
from tests.checks.cases.dns_records import zone
from tests.checks.cases.pair import Case, Pair
from tests.checks.cases.smtp_sessions import CAPTAIN, manned, password_in
from tests.checks.worlds import KEYS, inspected

SIGNED = "".join(
    f"DKIM-Signature: v=1; d=harbor.example; s=mx1-{algorithm}; b=AAAA\n" for algorithm in KEYS
)
PASSED = "spf=pass smtp.mailfrom=harbor.example; dkim=pass header.d=harbor.example"


def delivered(headers: str = "", seconds: float = 1, *, lost: bool = False) -> Delivery:
    """Return the delivery of a message from mx1 to the witness."""
    sender = "postmaster@harbor.example"
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    box = Mailbox("peer", "/var/mail/visitor")
    route = Route(message, "mx1", "harbor.example", (box,))
    raw = f"{headers}From: {sender}\nSubject: x\n\nbody\n".encode()
    received = None if lost else Received(10 + seconds, raw)
    return Delivery(route, Submitted(10.0), received)


def judged(inspection: MessageInspection, sent: Delivery) -> Case:
    return lambda _folder: inspected(inspection, [sent], zone())


def witnessed(results: str, signed: str = SIGNED) -> Delivery:
    return delivered(f"Authentication-Results: mail.faraway.example; {results}\n{signed}")


def told(headers: str) -> Case:
    """Check the privacy of a message that the captain submits."""

    def case(folder: Path) -> Iterable[Finding]:
        whole = delivered(headers)
        endpoint = SubmissionEndpoint("mx1", "127.0.0.1", 465, wrapped=True, login=CAPTAIN)
        message = replace(whole.route.message, program="pyinfra-mail")
        route = replace(whole.route, origin=endpoint, message=message)
        message_of_account = [replace(whole, route=route)]
        return inspected(submissions, message_of_account, settings=manned(password_in(folder)))

    return case


arrived = partial(judged, arrival.arrivals)
signature = partial(judged, dkim.results)
believed = partial(judged, authentication.results)

CASES: Mapping[str, Pair] = {
    "delivery.arrived": Pair(
        arrived(delivered()),
        arrived(delivered(lost=True)),
        "test_verify.test_a_stopped_server_fails_its_own_checks_and_no_other",
    ),
    "delivery.seconds": Pair(arrived(delivered()), arrived(delivered(seconds=11))),
    "delivery.dkim": Pair(signature(witnessed(PASSED)), signature(witnessed(PASSED, signed=""))),
    "delivery.spf": Pair(
        believed(witnessed(PASSED)),
        believed(witnessed("spf=fail smtp.mailfrom=harbor.example")),
    ),
    "delivery.dmarc": Pair(
        believed(witnessed(PASSED)),
        believed(witnessed("spf=pass smtp.mailfrom=other.example")),
    ),
    "delivery.privacy": Pair(
        told("Received: by mx1.harbor.example (Postfix) with ESMTPSA id 1; today\n"),
        told("User-Agent: pyinfra-mail\n"),
    ),
}
