"""The store: what suppresses a recipient, what is counted once, and what waits for the webhook."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.host.bulk.event import BulkEvent, EventKind, Suppression, SuppressionRules
from deploys.host.bulk.store import DAY, SqliteConnection, SqlStore, StoreError

NOW = 1_796_000_000
ANNA, OTTO = "anna@example.net", "otto@example.net"
RULES = SuppressionRules(soft_bounces=3, soft_days=10, soft_expiry_days=90)


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    return SqlStore(SqliteConnection(tmp_path / "bulk.sqlite"), RULES, "mx1")


def event(
    kind: EventKind, key: str = "1", recipient: str = ANNA, time: int = NOW, reason: str = "why"
) -> BulkEvent:
    return BulkEvent(key, time, kind, recipient, reason, "5.1.1", "news")


@pytest.mark.parametrize("kind", ["hard", "complaint", "unsubscribe"])
def test_one_event_suppresses_for_ever(store: SqlStore, kind: EventKind) -> None:
    assert store.note([event(kind)], told=False) == 1

    assert store.suppressed(ANNA, NOW + 9999 * DAY) == Suppression(ANNA, kind, "why", NOW)  # type: ignore[arg-type]
    assert store.suppressed(OTTO, NOW) is None
    assert [one.suppressed for one in store.events_after(0, 9)] == [True]


@pytest.mark.parametrize("kind", ["policy", "removed"])
def test_a_policy_bounce_suppresses_nobody(store: SqlStore, kind: EventKind) -> None:
    store.note([event(kind, str(number)) for number in range(9)], told=False)

    assert store.suppressed(ANNA, NOW) is None
    assert not any(one.suppressed for one in store.events_after(0, 9))


@pytest.mark.parametrize(
    ("days", "suppressed"), [((0, 1, 2), True), ((0, 1), False), ((0, 5, 11), False)]
)
def test_soft_bounces_suppress_for_a_time_if_they_are_many_in_few_days(
    store: SqlStore, days: tuple[int, ...], *, suppressed: bool
) -> None:
    for day in days:
        store.note([event("soft", str(day), time=NOW + day * DAY)], told=False)
        store.note([event("soft", f"o{day}", OTTO, NOW - 30 * DAY)], told=False)
    last = NOW + days[-1] * DAY

    assert bool(store.suppressed(ANNA, last)) == suppressed
    assert store.suppressed(ANNA, last + 91 * DAY) is None


def test_an_event_of_a_test_suppresses_for_a_day_and_is_not_kept(store: SqlStore) -> None:
    store.note([replace(event("hard"), test=True)], told=True)

    assert store.suppressed(ANNA, NOW + DAY - 1)
    assert store.suppressed(ANNA, NOW + DAY) is None
    assert store.remove([replace(event("removed", "2"), test=True)], told=True) == 1
    assert not store.events_after(0, 9)
    assert not store.due(NOW, 9)


def test_an_event_is_counted_once(store: SqlStore) -> None:
    for _ in range(5):
        assert store.note([event("soft"), event("soft")], told=True) <= 1

    assert store.suppressed(ANNA, NOW) is None
    assert len(store.events_after(0, 9)) == len(store.due(NOW, 9)) == 1


def test_the_newest_event_is_that_of_the_host_itself(tmp_path: Path, store: SqlStore) -> None:
    other = SqlStore(SqliteConnection(tmp_path / "bulk.sqlite"), RULES, "mx2")
    assert store.newest() == 0
    store.note([event("hard", "1"), event("hard", "2")], told=False)
    other.note([event("hard", "3")], told=False)

    assert (store.newest(), other.newest()) == (2, 3)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("unsubscribe", "hard", "unsubscribe"),
        ("complaint", "hard", "complaint"),
        ("hard", "soft", "hard"),
        ("hard", "unsubscribe", "unsubscribe"),
    ],
)
def test_the_stronger_reason_stays(
    store: SqlStore, first: EventKind, second: EventKind, kept: str
) -> None:
    store.note([event(first)], told=False)
    store.note([event(second, f"2{number}") for number in range(3)], told=False)

    found = store.suppressed(ANNA, NOW)
    assert found
    assert found.kind == kept


def test_a_suppression_that_has_expired_is_replaced(store: SqlStore) -> None:
    store.put([Suppression(ANNA, "manual", "asked", NOW, NOW + 5)])
    assert store.suppressed(ANNA, NOW + 4)
    assert store.suppressed(ANNA, NOW + 5) is None

    store.note([event("hard", time=NOW + 6)], told=False)

    found = store.suppressed(ANNA, NOW + 7)
    assert found
    assert found.kind == "hard"


def test_rows_are_put_listed_and_removed_with_an_event(store: SqlStore) -> None:
    rows = [Suppression(OTTO, "manual", "old list", NOW), Suppression(ANNA, "manual", "old", NOW)]
    assert store.put(rows) == 2
    assert store.put([replace(rows[0], reason="new")]) == 1
    assert [(one.recipient, one.reason) for one in store.suppressions()] == [
        (ANNA, "old"),
        (OTTO, "new"),
    ]

    removals = [event("removed", key, one) for key, one in (("a", OTTO), ("b", "x@example.net"))]
    assert store.remove(removals, told=True) == 1

    assert [one.recipient for one in store.suppressions()] == [ANNA]
    assert [one.event.recipient for one, _ in store.due(NOW, 9)] == [OTTO]


def test_the_webhooks_events_wait_until_they_are_delivered(store: SqlStore) -> None:
    store.note([event("hard", str(number)) for number in range(3)], told=True)
    first, second, _ = (one.number for one, _ in store.due(NOW, 9))
    store.delivered(first)
    store.postponed(second, NOW + 60)

    assert [one.number for one, _ in store.due(NOW, 9)] == [second + 1]
    assert [attempts for _, attempts in store.due(NOW + 60, 9)] == [1, 0]


def test_old_events_go_once_they_are_delivered_and_expired_rows_too(store: SqlStore) -> None:
    store.note([event("policy", "told")], told=True)
    store.note([event("policy", "other")], told=False)
    store.put([Suppression(ANNA, "manual", "asked", NOW, NOW + 5)])

    store.prune(NOW + 91 * DAY)

    assert [one.event.key for one in store.events_after(0, 9)] == ["told"]
    assert list(store.suppressions()) == []


def test_a_transaction_that_fails_notes_nothing(store: SqlStore) -> None:
    broken = BulkEvent("2", NOW, "hard", None, "why")  # type: ignore[arg-type]

    with pytest.raises(StoreError, match="cannot be used: NOT NULL"):
        store.note([event("hard"), broken], told=True)

    assert store.events_after(0, 9) == []
    assert store.suppressed(ANNA, NOW) is None


def test_a_file_that_is_no_store_is_an_error_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bulk.sqlite").write_text("something else, and long enough to be looked at" * 99)

    with pytest.raises(StoreError, match="not a database"):
        SqlStore(SqliteConnection(tmp_path / "bulk.sqlite"), RULES, "mx1")


def test_other_tools_read_the_documented_columns(store: SqlStore, tmp_path: Path) -> None:
    store.note([event("hard")], told=False)
    query = "SELECT recipient, kind, reason, since, expires FROM suppression"

    with sqlite3.connect(f"file:{tmp_path}/bulk.sqlite?mode=ro", uri=True) as other:
        assert list(other.execute(query)) == [(ANNA, "hard", "why", NOW, 0)]


def test_hosts_that_share_a_store_log_and_tell_their_own_events(
    store: SqlStore, tmp_path: Path
) -> None:
    other = SqlStore(SqliteConnection(tmp_path / "bulk.sqlite"), RULES, "mx2")
    store.note([event("hard", "1")], told=True)
    assert other.note([event("hard", "1"), event("hard", "2", OTTO)], told=True) == 1

    assert other.suppressed(ANNA, NOW)
    assert [one.event.recipient for one in other.events_after(0, 9)] == [OTTO]
    assert [one.event.recipient for one, _ in store.due(NOW, 9)] == [ANNA]
