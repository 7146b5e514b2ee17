"""Messages at the bounces domain: the event that each is, and those that are none."""

import sys
from types import SimpleNamespace

import pytest

from deploys.host.bulk.inbox import Ignored, Inbox, Stream
from tests.host.bulk.samples import (
    ANNA,
    LONG,
    LONG_VERP,
    NOW,
    STREAM,
    TOKEN,
    VERP,
    arf,
    exchange,
    exim,
    postfix,
    qmail,
    simple,
)

INBOX = Inbox(STREAM)
UNKNOWN = "550 5.1.1 <anna@example.net>: User unknown in virtual mailbox table"
DAY = 86_400
COMPLAINTS, UNSUBSCRIBE = "complaints@bounces.example.org", "unsubscribe@bounces.example.org"


@pytest.fixture(autouse=True)
def texts_without_a_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for flufl.bounce, which hosts have, and the lab's tests use."""

    def all_failures(message: object) -> tuple[set[str], set[bytes]]:
        return (set(), {ANNA.encode()} if "qmail-send" in str(message) else set())

    module = SimpleNamespace(all_failures=all_failures)
    monkeypatch.setitem(sys.modules, "flufl", SimpleNamespace(bounce=module))
    monkeypatch.setitem(sys.modules, "flufl.bounce", module)


@pytest.mark.parametrize(
    ("raw", "kind", "status", "reason"),
    [
        (postfix("5.1.1", UNKNOWN), "hard", "5.1.1", "User unknown in virtual"),
        (postfix("4.4.1", "timed out"), "soft", "4.4.1", "timed out"),
        (postfix("5.7.1", "550 5.7.1 blocked"), "policy", "5.7.1", "550 5.7.1 blocked"),
        (postfix("5.1.2", ""), "hard", "5.1.2", "status 5.1.2"),
        (exim("550 Unrouteable address: no such user"), "hard", "5.0.0", "no such user"),
        (exim("552 5.2.2 over quota"), "soft", "5.2.2", "over quota"),
        (exchange("5.1.10", "550 5.1.10 RecipientNotFound"), "hard", "5.1.10", "RecipientNotFound"),
        (exchange("5.2.2", "554 5.2.2 QuotaExceeded"), "soft", "5.2.2", "QuotaExceeded"),
        (
            qmail("192.0.2.25 does not like recipient.\nRemote host said: 550 no such user"),
            *("hard", "5.0.0", "550 no such user"),
        ),
        (qmail("Sorry, no mailbox here by that name. (#5.1.1)"), "hard", "5.1.1", "no mailbox"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_a_bounce_of_each_dialect_is_an_event(
    raw: bytes, kind: str, status: str, reason: str
) -> None:
    event = INBOX.event(raw, VERP, NOW)

    assert (event.kind, event.recipient, event.status) == (kind, ANNA, status)
    assert reason in event.reason


@pytest.mark.parametrize("break_of_lines", [b"\n", b"\r\n"])
def test_the_same_message_is_the_same_event(break_of_lines: bytes) -> None:
    raw = postfix("5.1.1", UNKNOWN).replace(b"\n", break_of_lines)
    received = b"Received: from elsewhere" + break_of_lines + raw
    other = raw.replace(b"4XyZ@", b"5XyZ@")

    key = INBOX.event(raw, VERP, NOW).key
    assert key == INBOX.event(received, VERP, NOW + 60).key
    assert key != INBOX.event(other, VERP, NOW).key


def test_a_long_recipient_is_named_by_the_report_if_its_digest_agrees() -> None:
    raw = postfix("5.1.1", UNKNOWN, recipient=LONG.upper(), verp=LONG_VERP)

    assert INBOX.event(raw, LONG_VERP, NOW).recipient == LONG
    with pytest.raises(Ignored, match="about none of our recipients"):
        INBOX.event(postfix("5.1.1", UNKNOWN), LONG_VERP, NOW)


def test_a_report_about_another_recipient_is_about_that_of_the_token() -> None:
    raw = postfix("5.1.1", UNKNOWN, recipient="forwarded@example.com")

    assert INBOX.event(raw, VERP, NOW).recipient == ANNA


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (postfix("4.4.1", "timed out", action="delayed"), "no failure in a DSN"),
        (postfix("2.0.0", "ok", action="relayed"), "no failure in a DSN"),
        (simple("Auto-Submitted: auto-replied"), "an automatic reply"),
        (simple("Precedence: auto_reply"), "an automatic reply"),
        (simple("X-Autoreply: yes"), "an automatic reply"),
        (simple("Auto-Submitted: no", body="Thank you!"), "neither DSN nor report"),
        (simple(), "neither DSN nor report"),
        (b"", "neither DSN nor report"),
        (b"\xff\xfe\x00" * 1000, "neither DSN nor report"),
        (simple("Content-Type: multipart/report; boundary=x"), "neither DSN nor report"),
        (simple("Content-Type: text/plain; charset=no-such"), "neither DSN nor report"),
        (simple("Content-Type: multipart/mixed"), "neither DSN nor report"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_message_is_no_event(raw: bytes, why: str) -> None:
    with pytest.raises(Ignored, match=why):
        INBOX.event(raw, VERP, NOW)


def nested(depth: int) -> bytes:
    parts = (
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
        for level in range(depth)
    )
    return "".join(parts).encode() + b"Content-Type: message/delivery-status\n\nAction: failed\n"


@pytest.mark.parametrize("depth", [20, 300, 5000])
def test_a_message_of_many_levels_is_no_event(depth: int) -> None:
    with pytest.raises(Ignored):
        INBOX.event(nested(depth), VERP, NOW)


def test_the_first_part_of_a_message_of_50_mb_is_enough() -> None:
    raw = postfix("5.1.1", UNKNOWN) + b"x" * 50_000_000

    assert INBOX.event(raw, VERP, NOW).kind == "hard"
    with pytest.raises(Ignored):
        INBOX.event(b"Subject: big\n\n" + b"x" * 50_000_000, VERP, NOW)


def test_a_reason_is_one_short_printable_line() -> None:
    event = INBOX.event(postfix("5.1.1", "550 \x1b[31m" + "x" * 5000), VERP, NOW)

    assert event.reason.isprintable()
    assert len(event.reason) <= 400


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (VERP, ""),
        (VERP.upper(), ""),
        (COMPLAINTS, ""),
        (UNSUBSCRIBE, ""),
        ("unsubscribe@other.example", "no token"),
        ("anybody@bounces.example.org", "no token"),
        (f"anna=example.net+{'a' * 20}@bounces.example.org", "forged"),
        ("", "no token"),
    ],
)
def test_an_address_exists_or_is_refused_with_the_reason(address: str, why: str) -> None:
    said = INBOX.refusal(address, NOW)

    assert why in said
    assert bool(why) == bool(said)


def test_an_expired_token_is_refused() -> None:
    assert not INBOX.refusal(VERP, NOW + 14 * DAY)
    assert "expired" in INBOX.refusal(VERP, NOW + 16 * DAY)
    with pytest.raises(Ignored, match="expired"):
        INBOX.event(postfix("5.1.1", UNKNOWN), VERP, NOW + 16 * DAY)


LINKS = f"<https://mx1.example.org/unsubscribe/{TOKEN}>, <mailto:{UNSUBSCRIBE}?subject={TOKEN}>"


@pytest.mark.parametrize(
    ("raw", "mailing_list"),
    [
        (arf(links=LINKS), "news.example.org"),
        (arf(links=f"<mailto:{UNSUBSCRIBE}?subject={TOKEN}>"), "news.example.org"),
        (arf(sender=f"<{VERP}>"), ""),
        (arf(kind="Fraud", sender=VERP), ""),
    ],
    ids=["both links", "by mail", "sender in angles", "fraud"],
)
def test_a_feedback_report_with_a_token_is_a_complaint(raw: bytes, mailing_list: str) -> None:
    event = INBOX.event(raw, COMPLAINTS, NOW)

    assert (event.kind, event.recipient) == ("complaint", ANNA)
    assert event.mailing_list == mailing_list
    assert INBOX.event(raw, VERP, NOW).kind == "complaint"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (arf(sender=ANNA), "without a valid token"),
        (arf(links="<https://mx1.example.org/unsubscribe/anna>"), "without a valid token"),
        (arf(kind="not-spam", sender=VERP), "of the kind not-spam"),
        (arf(kind="auth-failure", sender=VERP), "of the kind auth-failure"),
        (simple(body="Stop it!"), "no feedback report"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_feedback_report_is_no_event(raw: bytes, why: str) -> None:
    with pytest.raises(Ignored, match=why):
        INBOX.event(raw, COMPLAINTS, NOW)


@pytest.mark.parametrize("subject", [TOKEN, f"Re: {TOKEN}", f"unsubscribe {TOKEN} please"])
def test_a_mail_with_a_token_unsubscribes(subject: str) -> None:
    event = INBOX.event(simple(subject=subject), UNSUBSCRIBE, NOW)

    assert (event.kind, event.recipient) == ("unsubscribe", ANNA)
    assert event.reason == "unsubscribed from news.example.org"


@pytest.mark.parametrize("subject", ["unsubscribe", "", "A" * 60, TOKEN[:-3]])
def test_a_mail_without_a_token_unsubscribes_nobody(subject: str) -> None:
    with pytest.raises(Ignored, match="without a valid token"):
        INBOX.event(simple(f"From: {ANNA}", subject=subject), UNSUBSCRIBE, NOW)


def test_digests_keep_no_address() -> None:
    stream = Stream(STREAM.domain, STREAM.secret, digests=True)
    event = Inbox(stream).event(postfix("5.1.1", UNKNOWN), VERP, NOW)

    assert event.recipient == stream.kept(ANNA.upper()) != stream.kept(LONG)
    assert event.reason == "550 5.1.1 <(address)>: User unknown in virtual mailbox table"
