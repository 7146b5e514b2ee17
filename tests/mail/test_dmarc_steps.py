"""A DMARC policy goes on by the evidence of reports, never by time alone, and can go back."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from deploys.mail.dmarc_steps import DmarcEvidence, NeededEvidence
from deploys.mail.report_store import DmarcDay, FailingSource

TODAY = date(2026, 11, 30)
OWN, FORGER, LIST = "203.0.113.11", "192.0.2.77", "198.51.100.4"
BOTH = ("google.com", "yahoo.com")
NONE, QUARANTINE, REJECT = range(3)


def days(
    count: int = 14,
    *,
    policy: str = "none",
    messages: int = 20,
    until: int = 1,
    senders: tuple[str, ...] = BOTH,
    **failing: int,
) -> tuple[list[DmarcDay], list[FailingSource]]:
    """Return so many days of reports, the last one some days ago, each with failing mail."""
    names = {"own": OWN, "forger": FORGER, "list": LIST, "others": ""}
    dates = [(TODAY - timedelta(days=until + back)).isoformat() for back in range(count)]
    wrong = sum(failing.values())
    return (
        [DmarcDay("a.example", policy, day, messages, wrong, senders) for day in dates],
        [
            FailingSource("a.example", policy, day, names[name], number)
            for day in dates
            for name, number in failing.items()
        ],
    )


def evidence(
    *parts: tuple[list[DmarcDay], list[FailingSource]], forgers: Sequence[str] = ()
) -> DmarcEvidence:
    return DmarcEvidence(
        TODAY.isoformat(),
        NeededEvidence(14, 100),
        tuple(day for found, _ in parts for day in found),
        tuple(one for _, failing in parts for one in failing),
        (OWN, "2001:db8:25::11"),
        tuple(forgers),
    )


def test_clean_reports_take_a_step_and_only_one() -> None:
    assert evidence(days()).step(NONE) == (
        QUARANTINE,
        "none becomes quarantine: 14 days of reports by 2 receivers on 280 messages are clean",
    )
    assert evidence(days(policy="quarantine")).step(QUARANTINE)[0] == REJECT
    assert evidence(days(policy="reject")).step(REJECT) == (REJECT, "")


STAYS = {
    "time alone": (evidence(), "reports come in; none has come"),
    "old reports": (evidence(days(25, until=5)), "the newest is of 2026-11-25"),
    "few days": (evidence(days(13)), "reports are of 14 days, now 13"),
    "few messages": (evidence(days(messages=7)), "reports are on 100 messages, now 98"),
    "one receiver": (evidence(days(senders=BOTH[:1])), "2 receivers report, now 1"),
    "own mail fails": (
        evidence(days(own=1)),
        "at most one message of 200 fails, now 14 of 280, most of 203.0.113.11",
    ),
    "mail of others fails": (evidence(days(list=1)), "now 14 of 280, most of 198.51.100.4"),
    "sources beyond the bound": (evidence(days(others=1)), "most of other addresses"),
    "forgers and others": (
        evidence(days(forger=9, list=1), forgers=["192.0.2.0/24"]),
        "now 14 of 154, most of 198.51.100.4",
    ),
    "only forged mail": (
        evidence(days(forger=20), forgers=[FORGER]),
        "reports are on 100 messages, now 0",
    ),
    "the policy has just changed": (
        evidence(days(20, until=3), days(3, policy="quarantine", until=0)),
        "reports come in; none has come",
    ),
}


@pytest.mark.parametrize(("found", "why"), STAYS.values(), ids=STAYS)
def test_the_policy_stays_and_says_what_is_missing(found: DmarcEvidence, why: str) -> None:
    step, reason = found.step(NONE)

    assert step == NONE
    assert reason.startswith("none stays, and quarantine follows when ")
    assert why in reason


def test_forged_mail_that_the_operator_knows_does_not_hold_the_policy() -> None:
    assert evidence(days(forger=9), forgers=["192.0.2.0/24", "2001:db8::/32"]).step(NONE)[0] == 1
    assert evidence(days(forger=9)).step(NONE)[0] == NONE


def test_reports_on_another_policy_are_no_evidence() -> None:
    before = days(14, policy="none", until=15)

    assert evidence(before, days(9, policy="quarantine")).step(QUARANTINE) == (
        QUARANTINE,
        "quarantine stays, and reject follows when reports are of 14 days, now 9",
    )


def test_own_mail_that_fails_lowers_the_policy_with_a_reason() -> None:
    step, reason = evidence(days(policy="reject", own=5)).step(REJECT)

    assert step == QUARANTINE
    assert reason == (
        "reject goes back to quarantine: 35 messages of our own addresses failed in 7 days, by "
        "reports on 140; verify SPF and DKIM"
    )


@pytest.mark.parametrize(
    "found",
    [
        days(policy="reject", own=2),  # 14 in seven days
        days(policy="reject", own=5, messages=200),  # one of 40
        days(policy="reject", list=15),  # of others
        days(policy="reject", own=5, until=10),  # long ago
        days(policy="quarantine", own=5),  # of the policy before
    ],
)
def test_the_policy_is_not_lowered_for_less(
    found: tuple[list[DmarcDay], list[FailingSource]],
) -> None:
    assert evidence(found).step(REJECT) == (REJECT, "")


def test_a_step_back_is_not_undone_by_the_reports_of_before() -> None:
    clean, broken = days(14, until=10), days(5, policy="quarantine", own=9, until=5)
    after = days(4, until=1)

    assert evidence(clean, broken, after).step(NONE)[0] == NONE
