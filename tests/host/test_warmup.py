"""Warm-up on a host: days of a plan by clocks that are set, grants, pauses, and the answers."""

import asyncio
import itertools
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.host.receivers.counts import Counts
from deploys.host.receivers.log import DeliveryOutcome, JournalEntry, Result
from deploys.host.receivers.membership import Membership
from deploys.host.receivers.pace import BURST
from deploys.host.receivers.plan_day import Moment, WarmupPlan
from deploys.host.receivers.request import answer
from deploys.host.receivers.tables import FULL, WAIT, Tables
from deploys.host.receivers.volume import Volume
from deploys.host.receivers.warmup import Warmup, opened

HOUR, DAY = 3600.0, 86_400.0
MIDNIGHT = 1_796_083_200.0  # 2026-12-01 00:00 UTC
NEW, WARM = "203.0.113.42", "203.0.113.41"
PLAN = WarmupPlan(NEW, "2026-12-01", (3, 5), deferred=30, bounced=5, prefix="warmup1-")
OTHERS = itertools.count()
ROOT = Path(__file__).parents[2]


def at(hours: float, *, up: float | None = None, boot: str = "one") -> Moment:
    """Return the time so many hours after the start, with the hours since the boot."""
    return Moment(MIDNIGHT + hours * HOUR, (hours if up is None else up) * HOUR, boot)


def warmup(tmp_path: Path, plan: WarmupPlan = PLAN) -> Warmup:
    path = tmp_path / "volume.sqlite"
    Volume(path, MIDNIGHT)
    return Warmup(opened(path), [plan])


def granted(one: Warmup, when: Moment, count: int = 20, *, receiver: str = "big") -> int:
    """Return how many of so many other recipients leave by the new address."""
    (plan,) = one.plans
    names = (f"anna{next(OTHERS)}@big.example" for _ in range(count))
    return sum(one.grants(plan, receiver, name, when) for name in names)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        # Each date with mail is a day of the plan; there is no limit after the last one.
        ([at(9), at(33), at(57)], [3, 5, 20]),
        ([at(9), at(10), at(23)], [3, 0, 0]),
        # Before the start nothing leaves.
        ([at(-1), at(0)], [0, 3]),
        # A week without mail does not count.
        ([at(9), at(9 + 168)], [3, 5]),
        # Two days begin half a day apart at least.
        ([at(23), at(25), at(34), at(35)], [3, 0, 0, 5]),
        # The clock jumps ahead, by a day or a month, and nothing follows for half a day.
        ([at(9), at(33, up=9.1), at(9 + 720, up=9.2)], [3, 0, 0]),
        ([at(9), at(33, up=21)], [3, 5]),
        # The clock is set back: by a second at midnight, or by a month. It is the same day still.
        ([at(24), at(23.999), at(24.1), at(48.1)], [3, 0, 0, 5]),
        ([at(9 + 720), at(9, up=729.1), at(23, up=743), at(33, up=753)], [3, 0, 0, 5]),
        # After a boot only the clock counts.
        ([at(9), at(10, up=0, boot="two"), at(33, up=0, boot="three")], [3, 0, 5]),
        # A host without a clock of its own begins in 1970, until it knows the time.
        ([at(9), at(-490_000, up=0, boot="two"), at(10, up=0.1, boot="two")], [3, 0, 0]),
    ],
)
def test_no_clock_gives_more_than_the_plan(
    tmp_path: Path, times: Sequence[Moment], expected: Sequence[int]
) -> None:
    one = warmup(tmp_path)

    assert [granted(one, when) for when in times] == expected


def test_each_receiver_group_has_its_own_days(tmp_path: Path) -> None:
    one = warmup(tmp_path)

    assert [granted(one, at(9)), granted(one, at(33))] == [3, 5]
    assert granted(one, at(33), receiver="small") == 3


def test_a_recipient_keeps_its_grant_for_the_day_and_is_counted_once(tmp_path: Path) -> None:
    one = warmup(tmp_path)

    for _ in range(5):
        assert one.grants(PLAN, "big", "Anna@big.example", at(9))
    assert granted(one, at(9)) == 2
    assert one.grants(PLAN, "big", "anna@BIG.example", at(20))
    assert granted(one, at(33)) == 5
    assert not one.grants(PLAN, "big", "anna@big.example", at(33))


def test_a_second_message_to_a_recipient_counts_once_it_is_delivered(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    for count in range(1, 4):
        assert one.grants(PLAN, "big", "anna@big.example", at(9)), count
        one.note(NEW, "big", "delivered")
        one.save(at(9))

    assert not one.grants(PLAN, "big", "anna@big.example", at(9))
    assert granted(one, at(9)) == 0


def test_the_store_has_no_address_of_a_recipient(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    one.grants(PLAN, "big", "anna@big.example", at(9))

    text = "\n".join(one.connection.iterdump())
    assert "anna" not in text
    assert text.count('INSERT INTO "granted"') == 1


def test_another_start_begins_the_plan_again_on_another_day(tmp_path: Path) -> None:
    first = warmup(tmp_path)
    assert [granted(first, at(9)), granted(first, at(33))] == [3, 5]
    again = Warmup(first.connection, [replace(PLAN, start="2026-12-02")])

    assert [granted(again, at(34)), granted(again, at(57)), granted(again, at(81))] == [0, 3, 5]


def test_a_plan_that_is_made_longer_holds_for_the_days_that_follow(tmp_path: Path) -> None:
    first = warmup(tmp_path)
    assert [granted(first, at(9)), granted(first, at(33))] == [3, 5]
    longer = Warmup(first.connection, [replace(PLAN, figures=(3, 5, 8))])

    assert [granted(longer, at(34)), granted(longer, at(57)), granted(longer, at(81))] == [0, 8, 20]


KILLED = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from deploys.host.receivers.warmup import Warmup, opened
from tests.host.test_warmup import PLAN, at
one = Warmup(opened(Path(sys.argv[1])), [PLAN])
one.grants(PLAN, "big", sys.argv[2], at(9))
os.kill(os.getpid(), 9)  # before the answer
"""


def test_a_program_that_is_killed_before_its_answer_gives_no_more_than_the_plan(
    tmp_path: Path,
) -> None:
    one = warmup(tmp_path)
    for number in range(2):
        arguments = (str(tmp_path / "volume.sqlite"), f"killed{number}@big.example")
        done = subprocess.run((sys.executable, "-c", KILLED, *arguments), check=False)
        assert done.returncode == -9

    assert granted(one, at(9)) == 1
    assert one.grants(PLAN, "big", "killed0@big.example", at(9))


def test_a_store_that_cannot_be_written_grants_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = warmup(tmp_path)
    one.connection.execute("PRAGMA query_only = yes")

    assert granted(one, at(9), 1) == 0
    assert "gets no mail, because the grants cannot be stored" in capsys.readouterr().out


def tried(
    one: Warmup, deferred: int, bounced: int, delivered: int, *, when: Moment | None = None
) -> list[str]:
    """Return the reasons of the pauses after so many attempts."""
    outcomes: dict[DeliveryOutcome, int] = {
        "deferred": deferred,
        "bounced": bounced,
        "delivered": delivered,
    }
    for outcome, count in outcomes.items():
        for _ in range(count):
            one.note(NEW, "big", outcome, "" if outcome == "delivered" else "421 <a@b.example> no")
    one.save(when or at(9))
    return [pause.reason for pause in one.pauses()]


@pytest.mark.parametrize(
    ("deferred", "bounced", "delivered", "reason"),
    [
        (9, 0, 0, ""),  # too few
        (10, 0, 0, "10 of 10 attempts were deferred, more than 30 %; last: 421 <...> no"),
        (10, 0, 30, ""),
        (30, 0, 70, ""),
        (31, 0, 69, "31 of 100 attempts were deferred, more than 30 %; last: 421 <...> no"),
        (0, 4, 0, ""),  # too few
        (0, 5, 95, ""),
        (0, 5, 94, "5 of 99 attempts bounced, more than 5 %; last: 421 <...> no"),
    ],
)
def test_a_group_with_too_many_failures_pauses_and_says_why(
    tmp_path: Path, deferred: int, bounced: int, delivered: int, reason: str
) -> None:
    one = warmup(tmp_path)
    granted(one, at(9), 1)

    assert tried(one, deferred, bounced, delivered) == ([reason] if reason else [])
    assert granted(one, at(33)) == (0 if reason else 5)
    assert granted(one, at(9), receiver="small") == 3


def test_a_warmup_that_is_resumed_counts_the_failures_from_then_on(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    granted(one, at(9), 1)
    tried(one, 20, 0, 0)
    one.resume(NEW)

    assert granted(one, at(9)) == 2
    assert tried(one, 9, 0, 0) == []
    assert tried(one, 1, 0, 0) != []


def test_an_operator_pauses_the_address_at_all_receivers(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    state = answer(one, {"verb": "pause", "reason": "holidays"}, at(9))

    assert isinstance(state, dict)
    assert [(row["receiver"], row["reason"]) for row in state["pauses"]] == [("", "holidays")]
    assert granted(one, at(9)) + granted(one, at(9), receiver="small") == 0
    answer(one, {"verb": "resume"}, at(10))
    assert granted(one, at(10)) == 3


def test_failures_after_the_last_day_pause_nothing(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    assert [granted(one, at(hours)) for hours in (9, 33, 57)] == [3, 5, 20]

    assert tried(one, 20, 0, 0, when=at(57)) == []


def test_the_state_has_what_the_plan_allows_and_what_has_left_by_the_log(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    granted(one, at(9))
    volume = Volume(tmp_path / "volume.sqlite", MIDNIGHT)
    volume.note("2026-12-01", NEW, "big", "delivered")
    volume.note("2026-12-01", WARM, "big", "delivered")
    volume.position = "next"
    volume.save()
    state = json.loads(json.dumps(answer(one, {"verb": "list"}, at(9))))

    assert state["delivered"] == {NEW: {"big": 1}}
    (day,) = state["days"]
    assert {name: day[name] for name in ("receiver", "number", "granted", "most", "over")} == {
        "receiver": "big",
        "number": 1,
        "granted": 3,
        "most": 3,
        "over": False,
    }


def tables(tmp_path: Path, plan: WarmupPlan = PLAN, *, rest: str = "") -> Tables:
    groups = {"big": {"domains": ["big.example"], "mx": []}}
    state, slowed = tmp_path / "state.json", tmp_path / "slowed"
    return Tables(Membership(groups), state, slowed, warmup(tmp_path, plan), rest=rest)


def judged(one: Tables) -> list[str]:
    """Return the receivers that pause, once the results are written."""
    assert one.warmup
    one.warmup.save(Moment(time.time()))
    return [pause.receiver for pause in one.warmup.pauses()]


def asked(one: Tables, count: int, *, table: str = "paced", now: float | None = None) -> list[str]:
    """Return the answers for so many recipients."""

    async def answers() -> list[str]:
        keys = [f"anna{number}@big.example" for number in range(count)]
        return [str(await one.answer(table, key, now or time.time())) for key in keys]

    return asyncio.run(answers())


# Today, so that the clock of the machine agrees.
TODAY = replace(PLAN, start=time.strftime("%Y-%m-%d", time.gmtime()))


def test_what_the_plan_has_no_room_for_leaves_by_the_other_transport(tmp_path: Path) -> None:
    one = tables(tmp_path, TODAY)

    answers = asked(one, 5)
    assert [text.rpartition(" ")[2] for text in answers] == (
        ["warmup1-big:"] * 3 + ["receiver-big:"] * 2
    )
    assert asked(one, 5) == answers
    # Only the queue manager's questions are counted.
    assert [text.rpartition(" ")[2] for text in asked(one, 9, table="receivers")] == (
        ["receiver-big:"] * 9
    )


def test_what_the_plan_has_no_room_for_waits_if_there_is_no_other_way(tmp_path: Path) -> None:
    answers = asked(tables(tmp_path, TODAY, rest=WAIT), 4)

    assert answers[-1].endswith(f"retry:4.7.1 {FULL} big")
    assert len([text for text in answers if text.endswith("warmup1-big:")]) == 3


def test_what_the_plan_has_no_room_for_leaves_by_a_relay(tmp_path: Path) -> None:
    answers = asked(tables(tmp_path, TODAY, rest="relay1:[relay.example]:587"), 4)

    assert answers[-1].endswith("relay1:[relay.example]:587")


def counts(tmp_path: Path, one: Tables) -> Counts:
    volume = Volume(tmp_path / "volume.sqlite", MIDNIGHT)
    return Counts(one, volume, {"4": WARM, "6": ""})


def entry(transport: str, status: str = "deferred", text: str = "421 4.7.0 later") -> JournalEntry:
    message = (
        "4F1A2: to=<u@big.example>, relay=a.mx.example[192.0.2.1]:25, delay=0.3, "
        f"delays=0.1/0/0.1/0.1, dsn=4.7.0, status={status} (host a.mx.example[192.0.2.1] said: "
        f"{text} (in reply to RCPT TO command))"
    )
    return JournalEntry("next", time.time(), f"postfix-bulk/{transport}/smtp", message)


def test_a_burst_of_deferrals_pauses_the_new_address_and_slows_no_other(tmp_path: Path) -> None:
    one = tables(tmp_path, TODAY)
    asked(one, 5)
    log = counts(tmp_path, one)
    for _ in range(BURST):
        log.note(entry("warmup1-big"))

    assert judged(one) == ["big"]
    assert [text.rpartition(" ")[2] for text in asked(one, 5)] == ["receiver-big:"] * 5
    (row,) = log.volume.of(time.strftime("%Y-%m-%d", time.gmtime()))
    assert (row.address, row.receiver, row.deferred) == (NEW, "big", BURST)


def test_a_group_that_was_slowed_and_paused_gets_mail_by_the_new_address_again(
    tmp_path: Path,
) -> None:
    one, now = tables(tmp_path, replace(PLAN, figures=(20,))), at(9).now
    asked(one, 12, now=now)
    assert one.warmup
    for _ in range(12):
        one.note(Result("big", "deferred", text="421 later", prefix="warmup1-"), now)
        one.warmup.note(NEW, "big", "deferred", "421 later")
    one.warmup.save(at(9))
    assert [pause.receiver for pause in one.warmup.pauses()] == ["big"]
    assert one.paces["warmup1-big"].step == 1
    assert "big" not in one.paces
    assert asked(one, 12, now=now + 5) == ["receiver-big:"] * 12

    one.warmup.resume(NEW)

    assert asked(one, 1, now=now + 15) == ["warmup1-big:"]


def test_results_of_the_other_address_do_not_count_for_the_plan(tmp_path: Path) -> None:
    one = tables(tmp_path, TODAY)
    asked(one, 5)
    log = counts(tmp_path, one)
    for _ in range(BURST):
        log.note(entry("receiver-big"))

    assert not judged(one)
    assert "warmup1-big:" in asked(one, 1)[0]
    (row,) = log.volume.of(time.strftime("%Y-%m-%d", time.gmtime()))
    assert row.address == WARM


def test_a_full_mailbox_says_nothing_of_the_new_address(tmp_path: Path) -> None:
    one = tables(tmp_path, TODAY)
    asked(one, 1)
    log = counts(tmp_path, one)
    for _ in range(BURST):
        full = entry("warmup1-big", text="452 4.2.2 full")
        log.note(replace(full, message=full.message.replace("dsn=4.7.0", "dsn=4.2.2")))

    assert not judged(one)


def test_postfix_asks_again_when_a_date_or_a_pause_begins(tmp_path: Path) -> None:
    one = tables(tmp_path)
    one.renew(MIDNIGHT)
    one.renew(MIDNIGHT + 60)
    assert not one.slowed.exists()
    assert one.warmup
    one.warmup.pause(NEW, "big", "for a test", at(1))
    one.renew(MIDNIGHT + 120)
    assert one.slowed.exists()
    one.slowed.unlink()
    one.renew(MIDNIGHT + DAY)
    assert one.slowed.exists()


def test_a_request_is_answered_as_it_is_on_a_host(tmp_path: Path) -> None:
    one = warmup(tmp_path)
    configuration = tmp_path / "receivers.json"
    values = {"address": NEW, "start": "2026-12-01", "figures": [3], "deferred": 30, "bounced": 5}
    plans = [{**values, "prefix": "warmup1-"}]
    configuration.write_text(
        json.dumps({"volume": str(tmp_path / "volume.sqlite"), "warmup": plans})
    )
    command = (sys.executable, "-m", "deploys.host.receivers.request", str(configuration))
    request = json.dumps({"verb": "pause", "reason": "holidays"})
    done = subprocess.run(
        command, input=request, cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout)["pauses"][0]["reason"] == "holidays"
    assert [pause.reason for pause in one.pauses()] == ["holidays"]


def test_a_host_without_the_state_says_so(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        opened(tmp_path / "missing.sqlite")
