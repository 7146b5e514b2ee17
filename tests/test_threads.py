"""A map over threads."""

from collections import Counter
from collections.abc import Iterator
from threading import Barrier, Lock

import pytest

from deploys.run.threads import in_groups, in_parallel


def test_results_come_in_the_order_of_the_items() -> None:
    assert in_parallel(lambda number: number * 2, range(40), 3) == [2 * i for i in range(40)]


def test_items_wait_for_no_other() -> None:
    meeting = Barrier(5)

    assert sorted(in_parallel(lambda _: meeting.wait(10), range(5), 5)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("items", [[], iter(())])
def test_without_items_there_is_no_result(items: list[int] | Iterator[int]) -> None:
    assert in_parallel(str, items) == []


def test_no_more_items_of_a_group_than_allowed_are_at_work() -> None:
    lock, busy, most = Lock(), Counter[str](), Counter[str]()
    meeting = Barrier(4)

    def call(word: str) -> str:
        with lock:
            busy[word[0]] += 1
            most[word[0]] = max(most[word[0]], busy[word[0]])
        meeting.wait(10)
        with lock:
            busy[word[0]] -= 1
        return word.upper()

    words = ["a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"]

    assert in_groups(call, words, lambda word: word[0], 2) == [word.upper() for word in words]
    assert most == {"a": 2, "b": 2}
    assert in_groups(str, [], lambda _: 0, 2) == []


def test_one_failure_keeps_no_other_item_from_its_call() -> None:
    called = []

    def call(number: int) -> None:
        called.append(number)
        if number == 0:
            raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        in_parallel(call, range(30), 1)

    assert called == list(range(30))
