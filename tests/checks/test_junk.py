"""The folder in which a message that looks like spam is found."""

from dataclasses import replace

import pytest

from deploys.checks.delivery import junk
from deploys.checks.delivery.exchange import Delivery
from tests.checks.cases.delivery_content import ZONE, delivered, sample
from tests.checks.worlds import fleet, inspected

HASH = "$6$" + "a" * 8 + "$" + "b" * 86


@pytest.mark.parametrize(
    ("sent", "severity", "words"),
    [
        (sample("Junk"), "ok", "found in Junk"),
        (sample("INBOX"), "error", "marked as spam, and found in INBOX"),
        (sample("INBOX", "X-Spam: No\n"), "unknown", "the message has no mark of rspamd"),
        (sample("INBOX", ""), "unknown", "the message has no mark of rspamd"),
        (replace(sample("Junk"), received=None), "unknown", "the message did not arrive"),
    ],
)
def test_a_message_that_looks_like_spam_belongs_into_junk(
    sent: Delivery, severity: str, words: str
) -> None:
    (finding,) = inspected(junk.samples, [sent], ZONE)

    assert finding.severity == severity
    assert finding.saw.endswith(words)


def test_an_ordinary_message_says_nothing_about_the_judgement() -> None:
    assert not list(inspected(junk.samples, [delivered()], ZONE))


def test_a_host_whose_passwords_nobody_knows_is_named() -> None:
    own = fleet({"mail_mailboxes": {"anna@harbor.example": {"password": HASH}}})

    (finding,) = inspected(junk.samples, [], ZONE, own)

    assert (finding.severity, finding.subject) == ("info", "harbor.example")
