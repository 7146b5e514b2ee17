"""Classes of bounces: each reply is one that a large or common server gives."""

import pytest

from deploys.host.bulk.reports.classification import best_code, bounce_class

HARD = [
    ("5.1.1", "550 5.1.1 <anna@example.net>: Recipient address rejected: User unknown"),
    ("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist."),
    ("5.0.0", "550 Unknown user"),
    ("5.0.0", "550 No such user here"),
    ("", "550 Unrouteable address: mailbox anna does not exist"),
    ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account (anna) [0]"),
    ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)."),
    ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [AM1.example.com]"),
    ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP lookup"),
    ("5.7.1", "550 5.7.1 Recipient not found"),
    ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive."),
    ("5.4.4", "Host or domain name not found. Name service error for name=x.example type=A"),
    ("5.1.10", "Recipient address has null MX"),
    ("5.1.2", ""),
]
SOFT = [
    ("4.4.1", "connect to mx.example.net[192.0.2.25]:25: Connection timed out"),
    ("4.2.2", "452 4.2.2 The email account that you tried to reach is over quota."),
    ("5.2.2", "552 5.2.2 The email account that you tried to reach is over quota"),
    ("5.2.2", ""),
    ("5.0.0", "550 mailbox full"),
    ("5.2.2", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"),
    ("5.0.0", "451 Greylisted, please try again later"),
    ("5.3.0", "550 5.3.0 Internal error"),
    ("5.0.0", "something else"),
    ("", ""),
]
POLICY = [
    (
        "5.7.1",
        "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. block list (S3140)",
    ),
    ("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated."),
    ("5.7.515", "550 5.7.515 Access denied, sending domain does not meet the required level"),
    (
        "5.0.0",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    ),
    ("5.0.0", "550 Message rejected as spam by Content Filtering"),
    ("5.3.4", "552 5.3.4 Message size exceeds fixed limit"),
    ("5.6.0", "550 5.6.0 Bad MIME"),
    ("5.7.0", "550 5.7.0 not accepted"),
    ("5.1.8", "553 5.1.8 sender refused"),
    ("5.0.0", "550 SPF check failed: user not found in policy"),
]


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        (kind, *case)
        for kind, cases in (("hard", HARD), ("soft", SOFT), ("policy", POLICY))
        for case in cases
    ],
)
def test_a_failure_has_the_class_of_its_reason(kind: str, status: str, text: str) -> None:
    assert bounce_class(status, text) == kind


@pytest.mark.parametrize(
    ("status", "text", "code"),
    [
        ("5.0.0", "550 5.1.1 unknown", "5.1.1"),
        ("5.1.1", "550 unknown", "5.1.1"),
        ("5.2.2", "550 5.1.1 unknown", "5.2.2"),
        ("5.0.0", "550 at 5.1.1.1", "5.0.0"),
        ("", "", ""),
    ],
)
def test_the_most_exact_code_counts(status: str, text: str, code: str) -> None:
    assert best_code(status, text) == code
