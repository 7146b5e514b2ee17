"""Volume of a bulk stream: what the log says is counted once, whatever ends the program."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploys.host.receivers.counts import Counts
from deploys.host.receivers.log import JournalEntry
from deploys.host.receivers.membership import Membership
from deploys.host.receivers.tables import Tables
from deploys.host.receivers.volume import Volume, VolumeRow
from tests.host.test_receivers import DEFERRED, GROUPS, IDENTIFIER, NOW, SENT, entry

BOUNCED = SENT.replace("status=sent", "status=bounced")
OVER_IPV6 = SENT.replace("[192.0.2.1]", "[2001:db8::1]")
NOBODY = DEFERRED.replace("relay=a.mx.example[192.0.2.1]:25", "relay=none")
EXPIRED = "4F1A2: from=<{}@bounces.example.org>, status=expired, returned to sender"
DAY = "2027-01-15"  # of NOW
ADDRESSES = {"4": "192.0.2.9", "6": "2001:db8::9"}


def counts(tmp_path: Path, *, relayed: bool = False) -> Counts:
    tables = Tables(Membership(GROUPS), tmp_path / "state.json", tmp_path / "slowed")
    volume = Volume(tmp_path / "volume.sqlite", NOW)
    return Counts(tables, volume, ADDRESSES, relayed=relayed)


def noted(one: Counts, *entries: tuple[str, str], at: float = NOW) -> None:
    for number, (identifier, message) in enumerate(entries, 1):
        one.note(JournalEntry(f"s={number}", at, identifier, message))


def test_results_are_counted_by_day_address_and_receiver(tmp_path: Path) -> None:
    one = counts(tmp_path)
    noted(
        one,
        *[(IDENTIFIER, SENT)] * 3,
        (IDENTIFIER, DEFERRED),
        (IDENTIFIER, NOBODY),
        (IDENTIFIER, BOUNCED),
        (IDENTIFIER, OVER_IPV6),
        ("postfix-bulk/receiver-default/smtp", SENT),
        ("postfix-bulk/main/smtp", SENT),
        ("postfix-bulk/error", DEFERRED),
    )
    noted(one, (IDENTIFIER, SENT), at=NOW + 86_400)

    assert one.volume.of(DAY) == [
        VolumeRow(DAY, "192.0.2.9", "big", delivered=3, deferred=2, bounced=1),
        VolumeRow(DAY, "192.0.2.9", "default", delivered=1),
        VolumeRow(DAY, "2001:db8::9", "big", delivered=1),
    ]
    assert one.volume.of("2027-01-16") == [VolumeRow("2027-01-16", "192.0.2.9", "big", 1)]


@pytest.mark.parametrize(
    ("sender", "relayed", "receiver"),
    [
        ("anna=big.example+token", False, "big"),
        ("a+b=c=big.example+token", False, "big"),
        ("anna=elsewhere.example+token", False, "default"),
        ("abcdefgh+token", False, "default"),
        ("anna=big.example+token", True, "relay"),
    ],
)
def test_a_message_that_has_waited_too_long_is_a_bounce_of_its_receiver(
    tmp_path: Path, sender: str, receiver: str, *, relayed: bool
) -> None:
    one = counts(tmp_path, relayed=relayed)
    noted(one, ("postfix-bulk/qmgr", EXPIRED.format(sender)))

    assert one.volume.of(DAY) == [VolumeRow(DAY, "192.0.2.9", receiver, bounced=1)]


def test_a_bounce_of_ours_that_has_waited_too_long_does_not_count(tmp_path: Path) -> None:
    one = counts(tmp_path)
    noted(one, ("postfix-bulk/qmgr", "4F1A2: from=<>, status=expired, returned to sender"))

    assert one.volume.of(DAY) == []


def test_results_of_the_past_are_counted_but_slow_no_group(tmp_path: Path) -> None:
    one = counts(tmp_path)
    noted(one, *[(IDENTIFIER, DEFERRED)] * 50)
    assert not one.tables.paces
    noted(one, *[(IDENTIFIER, DEFERRED)] * 50, at=time.time())

    assert one.tables.paces["big"].step == 1
    assert one.volume.of(DAY)[0].deferred == 50


def test_the_position_is_saved_with_what_it_has_counted(tmp_path: Path) -> None:
    one = counts(tmp_path)
    assert one.volume.after == f"--since=@{int(NOW)}"
    noted(one, (IDENTIFIER, SENT))
    assert counts(tmp_path).volume.after == f"--since=@{int(NOW)}"  # nothing is saved yet
    one.volume.save()
    again = counts(tmp_path)

    assert again.volume.after == "--after-cursor=s=1"
    assert again.volume.of(DAY) == [VolumeRow(DAY, "192.0.2.9", "big", 1)]


def test_what_cannot_be_saved_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = counts(tmp_path)
    noted(one, (IDENTIFIER, SENT))
    with sqlite3.connect(tmp_path / "volume.sqlite") as other:
        other.execute("ALTER TABLE volume RENAME TO elsewhere")
        other.commit()
        one.volume.save()
        assert "the volume is not saved" in capsys.readouterr().out
        other.execute("ALTER TABLE elsewhere RENAME TO volume")
        other.commit()

    assert one.volume.of(DAY) == [VolumeRow(DAY, "192.0.2.9", "big", 1)]


def test_results_are_kept_for_400_days(tmp_path: Path) -> None:
    one = counts(tmp_path)
    noted(one, (IDENTIFIER, SENT))
    one.volume.save()
    noted(one, (IDENTIFIER, SENT), at=NOW + 400 * 86_400)
    assert one.volume.of(DAY)
    noted(one, (IDENTIFIER, SENT), (IDENTIFIER, SENT), at=NOW + 401 * 86_400)

    assert not one.volume.of(DAY)


def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "volume.sqlite").write_text("no database" * 1000)

    assert counts(tmp_path).volume.of(DAY) == []
    assert (tmp_path / "volume.broken").exists()


JOURNAL = """
import sys, time
lines = open(sys.argv[1]).read().splitlines()
after = sys.argv[2].partition("=")[2]
begin = 0 if after.startswith("@") else int(after.partition("=")[2])
for line in lines[begin:]:
    print(line, flush=True)
    time.sleep(0.01)
time.sleep(600)
"""
LINES = 500


def delivered(path: Path) -> int:
    """Return the deliveries that the file has by now."""
    statement = "SELECT coalesce(sum(delivered), 0) FROM volume"
    with contextlib.suppress(sqlite3.OperationalError), sqlite3.connect(path) as connection:
        return int(connection.execute(statement).fetchone()[0])
    return 0  # it is not made yet


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_a_program_that_is_ended_and_started_counts_every_result_once(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"{json.dumps(entry(one, SENT))}\n" for one in range(1, LINES + 1)))
    path = tmp_path / "volume.sqlite"
    values = {
        "groups": GROUPS,
        "socket": str(tmp_path / "socket"),
        "slowed": str(tmp_path / "slowed"),
        "state": str(tmp_path / "state.json"),
        "volume": str(path),
        "log": [sys.executable, "-c", JOURNAL, str(log)],
        "addresses": ADDRESSES,
        "relayed": False,
        "warmup": [],
        "rest": "",
    }
    (tmp_path / "receivers.json").write_text(json.dumps(values))
    command = (sys.executable, "-m", "deploys.host.receivers", str(tmp_path / "receivers.json"))

    def ended(least: int) -> int:
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2], start_new_session=True)
        for _ in range(1200):
            if delivered(path) >= least:
                break
            time.sleep(0.1)
        with socket.socket(socket.AF_UNIX) as client:  # Postfix keeps its connections open too
            client.connect(str(tmp_path / "socket"))
            process.send_signal(ended_by)
            process.wait(60)
        with contextlib.suppress(ProcessLookupError):  # the journal of one that was killed
            os.killpg(process.pid, signal.SIGKILL)
        return delivered(path)

    assert 0 < ended(1) <= LINES
    assert ended(LINES) == LINES
