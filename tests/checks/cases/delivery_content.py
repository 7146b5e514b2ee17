"""Messages that arrive unchanged and signed, and messages that do not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding
from deploys.checks.core.world import Answer
from deploys.checks.delivery import evaluation, forwarded, hops, integrity, junk
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.inspection import MessageInspection
from deploys.checks.delivery.test_messages import Route
from tests.checks.cases.pair import Case, Pair
from tests.checks.signing import KEYS, sealed, signed
from tests.checks.worlds import Zone, inspected

Change = Callable[[bytes], bytes]

SENDER, RECIPIENT = "postmaster@harbor.example", "visitor@faraway.example"
TRACE = (
    f"Return-Path: <{SENDER}>\n"
    "Received: from mx1.harbor.example (mx1.harbor.example [203.0.113.11])\n"
    "\tby mail.faraway.example (Postfix) with ESMTPS id 4A1; Mon, 5 Oct 2026 09:30:02 +0000 (UTC)\n"
    "Received: by mx1.harbor.example (Postfix, from userid 0)\n"
    "\tid 4A0; Mon, 5 Oct 2026 09:30:01 +0000 (UTC)\n"
).encode()
INWARD = (
    f"Return-Path: <{SENDER}>\n"
    "Received: from mail.faraway.example (mail.faraway.example [203.0.113.21])\n"
    "\tby mx1.harbor.example (Postfix) with ESMTP id 4A2; Mon, 5 Oct 2026 09:30:02 +0000 (UTC)\n"
).encode()
REWRITTEN = "SRS0=ab12=XY=faraway.example=visitor@mx1.harbor.example"
ZONE = Zone(
    {
        ("harbor.example", "TXT"): [Answer("ns", ("v=spf1 ip4:203.0.113.11 -all",))],
        ("mx1.harbor.example", "TXT"): [Answer("ns", ("v=spf1 ip4:203.0.113.11 -all",))],
        ("lists.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))],
        **{
            (f"mx1-{algorithm}._domainkey.harbor.example", "TXT"): [
                Answer("ns", (f"v=DKIM1; k={algorithm}; p={key}",))
            ]
            for algorithm, key in KEYS.items()
        },
    }
)


def same(raw: bytes) -> bytes:
    return raw


def delivered(change: Change = same, *, trace: bytes = TRACE, eight: bool = True) -> Delivery:
    """Return a message of mx1 in an mbox of the witness, changed on its way."""
    message = TestMessage("run-1", SENDER, RECIPIENT, SENDER)
    route = Route(message, "mx1", "harbor.example", (Mailbox("peer", "/var/mail/visitor"),))
    raw = change(trace + signed(message.compose(eight=eight)))
    in_mbox = raw.replace(b"\nFrom ", b"\n>From ") + b"\n"
    return Delivery(route, Submitted(1791192600.5), Received(1791192602.75, in_mbox))


def swapped(old: bytes, new: bytes) -> Change:
    return lambda raw: raw.replace(old, new, 1)


def judged(inspection: MessageInspection, sent: Delivery) -> Case:
    def case(_folder: Path) -> Iterable[Finding]:
        return inspected(inspection, [sent], ZONE)

    return case


def passed_on(sender: str = REWRITTEN, change: Change = same) -> Delivery:
    """Return a message of the witness that mx1 has forwarded, with a sender."""
    sent = delivered(change, trace=TRACE.replace(SENDER.encode(), sender.encode()))
    message = replace(sent.route.message, recipient="away@harbor.example", sender=RECIPIENT)
    return replace(sent, route=replace(sent.route, message=message, forwarded=True))


SEALED = swapped(
    b"From: ", b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.example; s=x; b=AAAA\nFrom: "
)

contents = partial(judged, integrity.contents)
evaluated = partial(judged, evaluation.evaluations)
paths = partial(judged, hops.paths)
forwards = partial(judged, forwarded.forwarded)
filed = partial(judged, junk.samples)


def sample(folder: str, mark: str = "X-Spam: Yes\n") -> Delivery:
    """Return the message that looks like spam, as it is found in a folder."""
    sent = delivered()
    raw = f"{mark}Subject: x\n\nAhoy.\n".encode()
    return replace(
        sent, route=replace(sent.route, sample=True), received=Received(1791192602.75, raw, folder)
    )


CASES: Mapping[str, Pair] = {
    "delivery.intact": Pair(
        contents(delivered()), contents(delivered(swapped("Grüße".encode(), b"Gr??e")))
    ),
    "delivery.hops": Pair(paths(delivered()), paths(delivered(trace=INWARD))),
    "delivery.headers": Pair(
        contents(delivered()),
        contents(delivered(swapped(b"Subject: ", b"Subject: [list]\nSubject: "))),
    ),
    "delivery.signature": Pair(
        evaluated(delivered()), evaluated(delivered(swapped(b"0123456789", b"012345678 9")))
    ),
    "delivery.spf_evaluated": Pair(
        evaluated(delivered()), evaluated(delivered(swapped(b"203.0.113.11", b"203.0.113.99")))
    ),
    "delivery.forwarded": Pair(
        forwards(passed_on()),
        forwards(passed_on(RECIPIENT)),
        lab_test="test_recipients.test_a_user_who_is_gone_and_a_sender_that_is_not_rewritten_are_found",
    ),
    "delivery.junk": Pair(
        filed(sample("Junk")),
        filed(sample("INBOX")),
        lab_test="test_filter.test_a_sample_that_is_not_filed_is_found",
    ),
    "delivery.arc": Pair(evaluated(delivered(sealed)), evaluated(delivered(SEALED))),
}
