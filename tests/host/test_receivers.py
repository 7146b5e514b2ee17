"""Receiver groups on a host: the group of a recipient, and the pace of a group that defers mail."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import pytest

from deploys.host.programs.socketmap import LookupFailure
from deploys.host.receivers.log import JournalEntry, Result, follow
from deploys.host.receivers.membership import GroupMembers, Membership, group_of
from deploys.host.receivers.pace import BURST, MESSAGES_A_MINUTE, STEP, Pace
from deploys.host.receivers.tables import Tables

GROUPS: Mapping[str, GroupMembers] = {
    "big": {"domains": ["big.example"], "mx": [".mx.example"]},
    "default": {"domains": [], "mx": []},
    "small": {"domains": [], "mx": ["mail.small.example", ".mx2.example"]},
}
NOW = 1_800_000_000.0
DEFERRED = (
    "4F1A2: to=<u@big.example>, relay=a.mx.example[192.0.2.1]:25, delay=0.3, "
    "delays=0.1/0/0.1/0.1, dsn=4.7.0, status=deferred (host a.mx.example[192.0.2.1] said: 421 "
    "4.7.0 Try again later (in reply to RCPT TO command))"
)
SENT = DEFERRED.partition("dsn=")[0] + "dsn=2.0.0, status=sent (250 2.0.0 Ok)"
IDENTIFIER = "postfix-bulk/receiver-big/smtp"


@pytest.mark.parametrize(
    ("hosts", "group"),
    [
        (["a.mx.example"], "big"),
        (["b.c.mx.example"], "big"),
        (["mail.small.example"], "small"),
        # The most preferred host decides.
        (["z.mx2.example", "a.mx.example"], "small"),
        (["other.example", "a.mx.example"], "big"),
        # Only whole labels count.
        (["a.notmx.example"], "default"),
        (["mx.example"], "default"),
        (["x.mail.small.example"], "default"),
        ([], "default"),
    ],
)
def test_a_domain_has_the_group_of_its_mx(hosts: list[str], group: str) -> None:
    assert group_of(GROUPS, hosts) == group


class Dns:
    """Answers by domain, which a test may change; each question is noted."""

    def __init__(self, **hosts: list[str]) -> None:
        self.hosts = {f"{name}.example": one for name, one in hosts.items()}
        self.asked: list[str] = []

    async def __call__(self, domain: str) -> tuple[list[str], float]:
        self.asked.append(domain)
        await asyncio.sleep(0)
        if domain not in self.hosts:
            raise dns.exception.Timeout
        return self.hosts[domain], 300.0


def tables(tmp_path: Path, ask: Dns) -> Tables:
    return Tables(Membership(GROUPS, ask), tmp_path / "state.json", tmp_path / "slowed")


def asked(one: Tables, *keys: str, table: str = "receivers", now: float = NOW) -> list[str | None]:
    async def answers() -> list[str | None]:
        return list(await asyncio.gather(*(one.answer(table, key, now) for key in keys)))

    return asyncio.run(answers())


def test_a_recipient_gets_the_transport_of_its_group(tmp_path: Path) -> None:
    one = tables(tmp_path, Dns(hosted=["a.mx.example"], other=["mail.other.example"]))

    assert asked(one, "anna@hosted.example", "Anna+x@OTHER.example.", "hosted.example") == [
        "receiver-big:",
        "receiver-default:",
        "receiver-big:",
    ]
    assert set(asked(one, ".example", "*", "")) == {None}


def test_a_domain_that_is_named_needs_no_dns(tmp_path: Path) -> None:
    one = tables(tmp_path, Dns(**{"sub.big": ["other.example"]}))

    assert asked(one, "big.example", "sub.big.example") == [
        "receiver-big:",
        "receiver-default:",
    ]


def test_a_domain_is_asked_once_for_the_time_of_its_answer(tmp_path: Path) -> None:
    ask = Dns(hosted=["a.mx.example"])
    one = tables(tmp_path, ask)
    asked(one, *["hosted.example"] * 20)
    asked(one, "hosted.example")

    assert ask.asked == ["hosted.example"]


def test_a_domain_of_which_nothing_is_known_waits(tmp_path: Path) -> None:
    with pytest.raises(LookupFailure, match="not known yet"):
        asked(tables(tmp_path, Dns()), "hosted.example")


def test_the_last_good_answer_counts_while_the_dns_fails_and_after_a_restart(
    tmp_path: Path,
) -> None:
    before = tables(tmp_path, Dns(hosted=["a.mx.example"]))
    asked(before, "hosted.example")
    before.save()
    after = tables(tmp_path, Dns())
    after.load()

    assert asked(after, "hosted.example") == ["receiver-big:"]


@pytest.mark.parametrize(
    "state", ["", "{", "[]", '{"domains": 5}', '{"domains": {"hosted.example": "gone"}}']
)
def test_a_state_that_is_broken_or_of_other_groups_is_begun_anew(
    tmp_path: Path, state: str
) -> None:
    one = tables(tmp_path, Dns())
    one.state.write_text(state)
    one.load()

    assert not one.membership.known


@pytest.mark.parametrize(
    ("identifier", "message", "found"),
    [
        (IDENTIFIER, DEFERRED, ("big", "deferred", True)),
        (IDENTIFIER, SENT, ("big", "delivered", True)),
        (IDENTIFIER, SENT.replace("status=sent", "status=bounced"), ("big", "bounced", True)),
        (
            IDENTIFIER,
            DEFERRED.replace(" said: ", " refused to talk to me: "),
            ("big", "deferred", True),
        ),
        # A full mailbox says nothing of the receiver.
        (
            IDENTIFIER,
            DEFERRED.replace("4.7.0, status", "4.2.2, status"),
            ("big", "deferred", False),
        ),
        # Postfix itself waits where nobody answers.
        (IDENTIFIER, DEFERRED.replace(" said: ", " timed out "), ("big", "deferred", False)),
        ("postfix-bulk/receiver-default/smtp", DEFERRED, ("default", "deferred", False)),
        ("postfix/relay1/smtp", SENT, ("relay", "delivered", False)),
        ("postfix-bulk/smtp", SENT, ("relay", "delivered", False)),
        ("postfix-bulk/main/smtp", SENT, None),
        ("postfix-bulk/error", DEFERRED, None),
        ("postfix-bulk/qmgr", DEFERRED, None),
        (IDENTIFIER, SENT.replace("status=sent", "status=deliverable"), None),
        (IDENTIFIER, "4F1A2: conversation with a.mx.example[192.0.2.1] timed out", None),
    ],
)
def test_a_line_of_the_log_is_a_result_of_a_group(
    identifier: str, message: str, found: tuple[str, str, bool] | None
) -> None:
    one = JournalEntry("", NOW, identifier, message).result

    assert (one and (one.receiver, one.outcome, one.of_group)) == found


def entry(number: int, message: str) -> dict[str, object]:
    """Return an entry as journalctl writes it."""
    return {
        "__CURSOR": f"s={number}",
        "__REALTIME_TIMESTAMP": str(int(NOW * 1_000_000) + number),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "MESSAGE": message,
    }


def test_the_log_is_read_as_it_is_written(tmp_path: Path) -> None:
    lines = [
        entry(1, DEFERRED),
        {**entry(2, SENT), "MESSAGE": [0, 255]},  # octets that are no text
        {"MESSAGE": "of something else"},
        entry(3, SENT * 20_000),  # a line that is too long
        entry(4, SENT),
    ]
    log = tmp_path / "log"
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    async def read() -> list[JournalEntry]:
        entries: asyncio.Queue[JournalEntry] = asyncio.Queue()
        reading = asyncio.create_task(follow(lambda: ("cat", str(log)), entries.put_nowait))
        every = [await entries.get() for _ in range(3)]
        reading.cancel()
        await asyncio.wait([reading])
        return every

    every = asyncio.run(asyncio.wait_for(read(), 60))

    assert [one.cursor for one in every] == ["s=1", "s=2", "s=4"]
    assert [one.result and one.result.outcome for one in every] == ["deferred", None, "delivered"]


def after(deferred: int, sent: int = 0) -> Pace:
    """Return a pace after so many messages at one time."""
    pace = Pace()
    for number in range(sent + deferred):
        pace.note(NOW, deferred=number >= sent)
    return pace


@pytest.mark.parametrize(
    ("deferred", "sent", "step"),
    [(BURST, 0, 1), (BURST - 1, 0, 0), (BURST, BURST, 1), (BURST, BURST + 1, 0)],
)
def test_a_group_is_slowed_when_half_of_many_messages_are_deferred(
    deferred: int, sent: int, step: int
) -> None:
    assert after(deferred, sent).step == step


def test_deferrals_of_more_than_a_minute_ago_do_not_count() -> None:
    pace = Pace()
    for number in range(3 * BURST):
        pace.note(NOW + 10 * number, deferred=True)

    assert not pace.step


def test_a_group_recovers_by_steps_and_is_slowed_more_while_it_defers() -> None:
    pace = after(BURST)
    steps = []
    for number, deferred in enumerate((True, True, True, False, False, False, False), start=1):
        pace.note(NOW + STEP * number - 1, deferred=deferred)
        pace.move(NOW + STEP * number)
        steps.append(pace.step)

    assert steps == [2, 3, 3, 2, 1, 0, 0]


def test_a_group_recovers_too_where_no_mail_is_sent() -> None:
    pace = Pace(step=1, since=NOW)
    pace.move(NOW + STEP - 1)
    assert pace.step == 1
    pace.move(NOW + STEP)
    assert pace.step == 0


def test_a_clock_that_is_set_back_keeps_no_group_slowed() -> None:
    pace = Pace(step=1, since=NOW + 1_000_000)
    pace.move(NOW)
    pace.move(NOW + STEP)

    assert pace.step == 0


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_slowed_group_passes_its_messages_a_minute(step: int) -> None:
    pace = Pace(step, NOW, _filled=NOW)
    passed = sum(pace.passes(NOW + tenth / 10) for tenth in range(6000))

    assert passed == pytest.approx(10 * MESSAGES_A_MINUTE[step], abs=1)


def slowed(tmp_path: Path) -> Tables:
    one = tables(tmp_path, Dns(hosted=["a.mx.example"], other=["mail.other.example"]))
    for _ in range(BURST):
        one.note(Result("big", "deferred", text="421 later"), NOW)
    return one


def test_a_slowed_group_is_told_logged_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slowed(tmp_path).slowed.exists()
    assert capsys.readouterr().out == (
        "group big is slowed to 60 messages a minute; last deferral: 421 later\n"
    )
    again = tables(tmp_path, Dns())
    again.load()
    assert again.paces["big"].step == 1
    again.move(NOW + STEP)
    assert capsys.readouterr().out.startswith("group big is no longer slowed")


def test_only_the_queue_manager_is_held_back_and_only_for_that_group(tmp_path: Path) -> None:
    one = slowed(tmp_path)
    recipients = ["hosted.example"] * 5

    answers = asked(one, *recipients, table="paced")
    assert answers[0] == "receiver-big:"
    assert set(answers[1:]) == {
        "retry:4.4.5 receivers of group big defer mail: at most 60 a minute pass"
    }
    assert asked(one, *recipients) == ["receiver-big:"] * 5
    assert asked(one, *["other.example"] * 5, table="paced") == ["receiver-default:"] * 5
