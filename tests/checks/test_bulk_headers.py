"""Fields that unsubscribe in a message of a bulk stream: their form, and their signature."""

from pathlib import Path

import pytest

from deploys.checks.delivery.bulk_headers import fields
from deploys.checks.delivery.test_messages import routes
from tests.checks.cases.delivery_bulk import BARE, NEWS, POSTMASTER, sample, streamed
from tests.checks.cases.host import BULK
from tests.checks.cases.pair import Case
from tests.checks.signing import signed
from tests.checks.worlds import Gone, fleet, world

ELSEWHERE = {"captain": "root", "news": "root", "postmaster": "someone@far.example"}
MAILTO = b"List-Unsubscribe: <mailto:unsubscribe@bounces.harbor.example?subject=x>\n"


def by_mail(*covered: bytes) -> bytes:
    return signed(MAILTO + BARE, headers=[b"from", *covered])


@pytest.mark.parametrize(
    ("case", "severity", "words"),
    [
        (streamed(sample()), "ok", "List-Unsubscribe and List-Unsubscribe-Post, covered by"),
        (streamed(sample(covered=False)), "error", "no signature that verifies covers them"),
        (streamed(sample().replace(b"hello", b"hallo")), "error", "no signature that verifies"),
        (streamed(sample(post="yes")), "error", "has no valid List-Unsubscribe-Post"),
        (streamed(by_mail()), "error", "no valid List-Unsubscribe and List-Unsubscribe-Post"),
        (streamed(signed(BARE)), "error", "no valid List-Unsubscribe and List-Unsubscribe-Post"),
        (
            streamed(by_mail(b"list-unsubscribe"), one_click=False),
            "ok",
            "List-Unsubscribe, covered by a signature",
        ),
        (streamed(by_mail(), one_click=False), "error", "List-Unsubscribe: no signature that"),
        (streamed(signed(BARE), one_click=False), "error", "has no valid List-Unsubscribe"),
        (streamed(None), "unknown", "no message of bulk mail arrived"),
        (streamed(sample(), names=Gone()), "unknown", "cannot be verified"),
    ],
)
def test_the_fields_must_be_there_and_signed(
    case: Case, severity: str, words: str, tmp_path: Path
) -> None:
    (finding,) = case(tmp_path)

    assert (finding.subject, finding.severity) == ("mx1", severity)
    assert words in finding.saw


def test_each_stream_sends_a_message_that_counts_for_no_receiver() -> None:
    (sent,) = (one.message for one in routes(fleet(BULK)) if one.message.bulk)

    assert (sent.author, sent.sender, sent.recipient) == (NEWS, NEWS, POSTMASTER)


@pytest.mark.parametrize(
    ("own", "severities"),
    [({}, []), ({**BULK, "mail_aliases": ELSEWHERE}, ["info"])],
    ids=["no stream", "no mailbox that can be read"],
)
def test_without_a_message_nothing_is_verified(
    own: dict[str, object], severities: list[str], tmp_path: Path
) -> None:
    one = fleet(own)

    assert not [route for route in routes(one) if route.message.bulk]
    assert [finding.severity for finding in fields([], one, world(tmp_path))] == severities
