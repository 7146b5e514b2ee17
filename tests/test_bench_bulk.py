"""Bench `bulk`: its receivers on loopback, its groups, and its arithmetic."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from socket import create_connection, socket

import pytest

from deploys.mail.settings.bulk import receiver_groups
from deploys.mail.settings.inventory import fleet_from
from scripts.benches.bulk import (
    Campaign,
    by_group,
    cases,
    connections,
    of_mail,
    paces,
    within,
)
from scripts.benches.instruments.command import BenchError
from scripts.benches.instruments.receiver_groups import (
    BULK_RECIPIENTS,
    GROUPS,
    NAMES,
    ORDINARY,
    ORDINARY_RECIPIENTS,
    PROGRAM,
    Receivers,
)
from scripts.benches.instruments.receiver_groups import shaping as limits
from scripts.benches.instruments.submission import Submission, submitted

GROUP = NAMES[0]


def free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def smtp_port() -> int:
    return free_port()


@pytest.fixture
def receivers(smtp_port: int) -> Iterator[Receivers]:
    """The program as it runs on a host, with a group of receivers alone."""
    told = free_port()
    words = [f"{GROUP}=127.0.0.1={smtp_port}=0.01"]
    words += [f"{name}=127.0.0.1={free_port()}=0" for name in (*NAMES[1:], ORDINARY)]
    argv = (sys.executable, str(PROGRAM), "127.0.0.1", str(told), *words)
    with subprocess.Popen(argv) as program:
        try:
            for port in (smtp_port, told):
                _listens(port)
            yield Receivers("127.0.0.1", told)
        finally:
            program.terminate()


def _listens(port: int) -> None:
    for _ in range(200):
        try:
            create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(port)


def submission(port: int, sessions: int) -> Submission:
    return Submission("127.0.0.1", "news@harbor.example", "", BULK_RECIPIENTS, port, sessions)


def test_receivers_count_connections_at_once_and_the_messages_of_each(
    receivers: Receivers, smtp_port: int
) -> None:
    receivers.reset()
    began, accepted = submitted(submission(smtp_port, 3), 30)
    found = receivers.drained(30)[GROUP]

    assert (found["most"], found["taken"]) == (3, 30)
    assert found["longest"] >= 10
    assert began < found["last"] <= accepted
    assert sorted(receivers.arrivals(GROUP)) == list(range(30))


def test_receivers_begin_their_counts_anew(receivers: Receivers, smtp_port: int) -> None:
    submission(smtp_port, 2).send(range(4), 0)
    receivers.reset()
    submission(smtp_port, 1).send(range(2), 0)
    found = receivers.drained(2)[GROUP]

    assert (found["most"], found["longest"], found["taken"]) == (1, 2, 2)


def test_messages_that_do_not_arrive_are_no_figure(
    receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.benches.instruments.receiver_groups.PATIENCE", -1)

    with pytest.raises(BenchError, match="7 of 7 messages did not arrive"):
        receivers.drained(7)


def test_a_connection_that_is_cut_off_is_no_longer_open(
    receivers: Receivers, smtp_port: int
) -> None:
    with create_connection(("127.0.0.1", smtp_port)) as cut:
        cut.sendall(b"EHLO client\r\nMAIL FROM:<>\r\nRCPT TO:<reader5@a.example>\r\nDATA\r\n")
        assert cut.recv(100)
    for _ in range(100):
        receivers.reset()
        if receivers.counts()[GROUP]["most"] == 0:
            break
        time.sleep(0.05)

    assert receivers.counts()[GROUP] == {"most": 0, "longest": 0, "last": 0, "taken": 0}


def test_commands_may_come_at_once(receivers: Receivers, smtp_port: int) -> None:
    commands = b"EHLO client\r\nMAIL FROM:<>\r\nRCPT TO:<reader5@a.example>\r\nDATA\r\n"
    with create_connection(("127.0.0.1", smtp_port), timeout=5) as client:
        client.sendall(commands)
        client.sendall(b"Subject: bench\r\n\r\nAhoy.\r\n.\r\nQUIT\r\n")
        answers = client.makefile("rb").read().splitlines()

    assert [line[:3] for line in answers if line[3:4] == b" "] == [
        *(b"220", b"250", b"250", b"250"),
        *(b"354", b"250", b"221"),
    ]
    assert list(receivers.arrivals(GROUP)) == [5]


def test_forty_domains_take_turns_by_group() -> None:
    domains = [one.partition("@")[2] for one in BULK_RECIPIENTS]
    owners = [domain.rstrip("0123456789.").split(".")[0] for domain in domains]

    assert len(set(domains)) == 40
    assert all(
        before.rstrip("0123456789") != after.rstrip("0123456789")
        for before, after in pairwise(owners)
    )
    assert submission(25, 1).recipient(41) == f"reader41@{domains[1]}"


def test_the_groups_are_those_of_the_setting() -> None:
    host = {
        "mail_hostname": "mx1.harbor.example",
        "mail_addresses": ["198.51.100.7"],
        "mail_domains": ["harbor.example"],
        "mail_shaping": limits(),
    }
    (settings,) = fleet_from({"mx1": host}, {}).hosts

    assert set(GROUPS) <= set(receiver_groups(settings.shaping))


def test_only_messages_that_were_due_during_the_campaign_count() -> None:
    arrivals = {0: 100.5, 1: 100.3, 5: 101.25, 6: 101.4, 10: 109.0, 11: 102.3}

    found = within(Campaign(101.0, 101.5, 102.0), 100.0, arrivals)

    assert found.latencies == pytest.approx((0.25, 0.2, 7.0))  # due at 101.0, 101.2 and 102.0


def test_a_campaign_that_is_too_short_is_no_figure() -> None:
    with pytest.raises(BenchError, match="write more --messages"):
        within(Campaign(101.0, 101.1, 101.1), 100.0, {5: 101.2})


def test_a_campaign_has_a_rate_until_its_last_message_is_taken() -> None:
    assert paces(Campaign(10.0, 30.0, 50.0), 2000) == {
        "messages_per_second": 50.0,
        "accepted_seconds": 20.0,
        "drain_seconds": 40.0,
    }


def test_each_group_has_a_row_of_each_contender_with_its_limits_as_aims() -> None:
    counts = {name: {"most": 3.0, "longest": 1.0} for name in (*NAMES, ORDINARY)}
    run = {"p50_ms": 20.0, **connections(counts)}
    measured = [replace(case, runs=[run]) for case in cases(20)]
    rows = list(by_group(measured))

    assert [row.name for row in rows[:2]] == ["brook_ours", "brook_stock"]
    assert len(rows) == 2 * len(GROUPS)
    assert rows[0].runs == [{"connections_at_once": 3.0, "messages_of_a_connection": 1.0}]
    lake = {row.name: row.aims for row in rows}["lake_ours"]
    assert lake == {"connections_at_once": 20, "messages_of_a_connection": 20}
    assert [dict(of_mail(case).runs[0]) for case in measured] == [{"p50_ms": 20.0}] * 4


def test_each_contender_is_alone_first() -> None:
    names = [case.name for case in cases(20)]

    assert names == ["alone_ours", "beside_bulk_ours", "alone_stock", "beside_bulk_stock"]


def test_ordinary_mail_has_a_receiver_of_its_own() -> None:
    assert not {one.partition("@")[2] for one in ORDINARY_RECIPIENTS} & {
        one.partition("@")[2] for one in BULK_RECIPIENTS
    }


def test_a_steady_pace_is_kept_by_numbers(receivers: Receivers, smtp_port: int) -> None:
    sent = submission(smtp_port, 2).send(range(10), 50)
    arrivals = receivers.arrivals(GROUP)

    assert len(sent.latencies) == len(arrivals) == 10
    assert all(moment >= sent.began + number / 50 for number, moment in arrivals.items())
