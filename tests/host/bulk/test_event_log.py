"""The event log: each event once, whatever happens to the program that writes it."""

import json
from pathlib import Path

import pytest

from deploys.host.bulk.event import BulkEvent, StoredEvent
from deploys.host.bulk.event_log import FILES, EventLog


def stored(number: int) -> StoredEvent:
    return StoredEvent(
        number, suppressed=True, event=BulkEvent(f"k{number}", 1, "hard", "anna@example.net", "é")
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_a_line_has_the_documented_fields(path: Path) -> None:
    EventLog(path).write([stored(7)])

    assert json.loads(path.read_text()) == {
        "id": 7,
        "key": "k7",
        "suppressed": True,
        "time": 1,
        "kind": "hard",
        "recipient": "anna@example.net",
        "reason": "é",
        "status": "",
        "mailing_list": "",
    }


@pytest.mark.parametrize("broken", ["", '{"id": 3, "ki', "{"])
def test_a_program_that_was_killed_goes_on_after_the_last_whole_line(
    path: Path, broken: str
) -> None:
    EventLog(path).write([stored(1), stored(2)])
    with path.open("a") as stream:
        stream.write(broken)

    again = EventLog(path)
    assert again.last == 2
    again.write([stored(3)])
    assert numbers(path) == [1, 2, 3]


def test_a_new_log_begins_with_the_first_event(path: Path) -> None:
    assert EventLog(path).last == 0
    path.write_text('{"id": 1')
    assert EventLog(path).last == 0


def test_a_large_file_is_kept_and_the_oldest_goes(path: Path) -> None:
    for number in range(1, FILES + 4):
        EventLog(path, largest=10).write([stored(number)])

    assert numbers(path) == [FILES + 3]
    assert numbers(path.with_name("events.jsonl.1")) == [FILES + 2]
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "events.jsonl",
        *(f"events.jsonl.{number}" for number in range(1, FILES + 1)),
    ]
    path.unlink()
    assert EventLog(path).last == FILES + 2


@pytest.mark.parametrize(
    ("newest", "first"),
    [(2, 2), (5, 2), (1, 0), (0, 0)],
    ids=["all written", "some missing", "another store", "an empty store"],
)
def test_a_store_whose_numbers_are_lower_is_another_one_and_written_from_its_begin(
    path: Path, newest: int, first: int
) -> None:
    log = EventLog(path)
    log.write([stored(1), stored(2)])

    log.follow(newest)

    assert log.last == first
