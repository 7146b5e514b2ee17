"""Checks of a bulk stream: its queue, and the names and policies of its own addresses."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.dns.reverse import pointers
from deploys.checks.dns.spf_senders import senders
from tests.checks.cases.dns_zone import Records, of, zone
from tests.checks.cases.host import (
    BULK,
    HANDED_OVER,
    STREAM,
    WARMUP,
    deferred,
    sent_by,
    snapshot_case,
    warmup_state,
)
from tests.checks.worlds import fleet

OK, INFO, WARNING, ERROR, UNKNOWN = (
    Severity.OK,
    Severity.INFO,
    Severity.WARNING,
    Severity.ERROR,
    Severity.UNKNOWN,
)
NEWS, CAPTAIN = "news@harbor.example", "captain@harbor.example"
OWN = {**BULK, "mail_bulk": {**STREAM, "addresses": ["192.0.2.41"]}}
NAME, BOUNCES = "bulk.mx1.harbor.example", "bounces.harbor.example"
POINTER = ("41.2.0.192.in-addr.arpa", "PTR")
RECORDS: Records = {
    POINTER: (f"{NAME}.",),
    (NAME, "A"): ("192.0.2.41",),
    (NAME, "TXT"): ("v=spf1 a -all",),
    (BOUNCES, "TXT"): (f"v=spf1 a:{NAME} -all",),
    ("harbor.example", "TXT"): (f"v=spf1 mx a:{NAME} -all",),
}


@pytest.mark.parametrize(
    ("listed", "queue", "bulkqueue", "severity", "words"),
    [
        (HANDED_OVER, [], [], OK, "bulk mail waits in its own queue: 0"),
        (HANDED_OVER, [sent_by(CAPTAIN)], [sent_by(NEWS)], OK, "waits in its own queue: 1"),
        (HANDED_OVER, [sent_by("MAILER-DAEMON")], [sent_by("MAILER-DAEMON")], OK, "queue: 0"),
        (HANDED_OVER, [sent_by(NEWS, 5)], [], OK, "in its own queue: 0"),  # on its way
        (HANDED_OVER, [sent_by(NEWS)], [], ERROR, "1 bulk messages wait in the queue of ordinary"),
        (HANDED_OVER, [], [sent_by(CAPTAIN)], ERROR, f"1 messages of {CAPTAIN} wait in the queue"),
        ([], [], [], ERROR, f"mail of {NEWS} is not handed over to the bulk instance"),
    ],
)
def test_each_kind_of_mail_waits_in_its_own_queue(  # noqa: PLR0913, PLR0917 - a table
    listed: Sequence[str],
    queue: Sequence[str],
    bulkqueue: Sequence[str],
    severity: Severity,
    words: str,
    tmp_path: Path,
) -> None:
    case = snapshot_case(BULK, bulkaccount=listed, queue=queue, bulkqueue=bulkqueue)
    (found,) = [one for one in case(tmp_path) if one.id == "bulk.separation"]

    assert found.severity is severity
    assert words in found.saw


def test_a_host_without_a_stream_has_no_finding_about_it(tmp_path: Path) -> None:
    assert "bulk.separation" not in {one.id for one in snapshot_case()(tmp_path)}


@pytest.mark.parametrize(
    ("changed", "severity", "words"),
    [
        ({}, OK, f"192.0.2.41 has the name {NAME}"),
        ({POINTER: ()}, ERROR, "192.0.2.41 has no PTR record"),
    ],
)
def test_an_own_address_has_the_name_of_the_stream(
    changed: Records, severity: Severity, words: str
) -> None:
    found = list(pointers(fleet(OWN), of(zone({**RECORDS, **changed}))))

    assert [(one.severity, one.saw) for one in found if "192.0.2.41" in one.saw] == [
        (severity, words)
    ]


@pytest.mark.parametrize("name", [NAME, BOUNCES, "harbor.example"])
def test_each_policy_of_the_stream_permits_its_own_address(name: str) -> None:
    policies = {(name, "TXT"): ("v=spf1 -all",)}
    good, bad = (
        {one.saw.partition(" (")[0] for one in senders(fleet(OWN), of(zone({**RECORDS, **more})))}
        for more in ({}, policies)
    )

    of_own = {one for one in good if "192.0.2.41" in one}
    assert of_own
    assert all(": pass by a" in one for one in of_own)
    assert any("192.0.2.41" in one and "fail by -all" in one for one in bad)


@pytest.mark.parametrize(
    ("state", "severity", "words"),
    [
        (
            warmup_state(),
            OK,
            (
                "messages by 192.0.2.42 today: google: 30 of 100 (day 2), of 2 days; messages that "
                "wait for it: 0"
            ),
        ),
        (warmup_state(today="2026-12-03"), OK, "messages by 192.0.2.42 today: none, of 2 days"),
        (
            warmup_state(today="2026-11-30"),
            OK,
            "the warm-up of 192.0.2.42 begins on 2026-12-01",
        ),
        (warmup_state(number=3, over=True, most=0), INFO, "the plan of 192.0.2.42 is over at all"),
        (
            warmup_state(paused="12 of 30 attempts were deferred, more than 30 %"),
            WARNING,
            (
                "no mail leaves by 192.0.2.42 to group google since 2026-12-02 09:00 UTC: 12 of 30 "
                "attempts were deferred, more than 30 %"
            ),
        ),
        (
            warmup_state(left=101),
            WARNING,
            "101 messages left by 192.0.2.42 to group google today, and the plan allows 100",
        ),
        (["no such file"], UNKNOWN, "the output of a tool cannot be read"),
        ([], UNKNOWN, "the output of a tool cannot be read"),
    ],
)
def test_a_new_address_keeps_to_its_plan_or_says_why_it_pauses(
    state: Sequence[str], severity: Severity, words: str, tmp_path: Path
) -> None:
    (found,) = [
        one for one in snapshot_case(WARMUP, warmup=state)(tmp_path) if one.id == "bulk.warmup"
    ]

    assert found.severity is severity
    assert words in found.saw


def test_messages_that_wait_for_the_warmup_are_not_those_of_a_receiver_that_defers(
    tmp_path: Path,
) -> None:
    waiting = deferred(30, "the warm-up has no room now for receivers of group google")
    found = snapshot_case(WARMUP, warmup=warmup_state(), bulkqueue=waiting)(tmp_path)

    seen = {one.id: one for one in found}
    assert seen["bulk.receivers"].severity is OK
    assert seen["bulk.warmup"].saw.endswith("messages that wait for it: 30")


def test_a_host_that_warms_up_no_address_has_no_finding_about_it(tmp_path: Path) -> None:
    assert "bulk.warmup" not in {one.id for one in snapshot_case(BULK)(tmp_path)}
