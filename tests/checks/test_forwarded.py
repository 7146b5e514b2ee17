"""Forwarded mail as it arrives, and the aliases through which a test message goes."""

from dataclasses import replace
from typing import Any

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.delivery import forwarded
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.test_messages import routes
from tests.checks.cases.delivery_content import RECIPIENT, REWRITTEN, ZONE, passed_on, swapped
from tests.checks.worlds import Gone, Zone, fleet, inspected

VISITOR = "visitor@faraway.example"
CHANGED = swapped(b"0123456789", b"012345678 9")
ELSEWHERE = swapped(b"203.0.113.11", b"203.0.113.99")


@pytest.mark.parametrize(
    ("sent", "names", "severity", "words"),
    [
        (passed_on(), ZONE, "ok", f"from <{REWRITTEN}>, SPF passes, signatures that verify: 2"),
        (passed_on(RECIPIENT), ZONE, "error", f"the sender is <{RECIPIENT}>, and not an address"),
        (passed_on(""), ZONE, "error", "the sender is <>, and not an address at mx1.harbor"),
        (passed_on("SRS0=x@evil.example"), ZONE, "error", "and not an address at mx1.harbor.exa"),
        (passed_on(change=CHANGED), ZONE, "error", "signature of harbor.example does not verify"),
        (passed_on(change=ELSEWHERE), ZONE, "error", "fail for 203.0.113.99 and mx1.harbor.exam"),
        (passed_on(), Gone(), "unknown", "no answer about TXT of"),
        (replace(passed_on(), received=None), ZONE, "unknown", "the message did not arrive"),
    ],
)
def test_a_forwarded_message_is_judged_by_its_sender_and_its_octets(
    sent: Delivery, names: Zone, severity: str, words: str
) -> None:
    (finding,) = inspected(forwarded.forwarded, [sent], names)

    assert finding.severity == severity
    assert words in finding.saw


@pytest.mark.parametrize(
    ("aliases", "recipient"),
    [
        ({}, ""),
        ({"away": VISITOR}, "away@harbor.example"),
        ({"away": [VISITOR, "root"]}, "away@harbor.example"),
        ({"away": "hop", "hop": VISITOR}, "away@harbor.example"),
        ({"away": [VISITOR, "someone@far.example"]}, ""),
        ({"away": "someone@far.example"}, ""),
    ],
)
def test_a_message_is_forwarded_only_where_the_run_can_read_all_of_it(
    aliases: dict[str, Any], recipient: str
) -> None:
    sent = [one for one in routes(fleet({"mail_aliases": aliases})) if one.forwarded]

    assert [one.message.recipient for one in sent] == [recipient] * bool(recipient)
    assert {one.message.sender for one in sent} <= {VISITOR}
    assert {one.message.author for one in sent} <= {"postmaster@harbor.example"}


def test_a_host_whose_forwards_nobody_can_see_is_told_about() -> None:
    settings = fleet({"mail_aliases": {"away": "someone@far.example"}})

    (finding,) = inspected(forwarded.forwarded, [], ZONE, settings)

    assert finding.severity is Severity.INFO
    assert finding.saw == "mx1: no alias leads only to mailboxes that a run can read"
