"""A map over threads."""

from collections.abc import Iterator
from threading import Barrier

import pytest

from deploys.run.threads import in_parallel


def test_results_come_in_the_order_of_the_items() -> None:
    assert in_parallel(lambda number: number * 2, range(40), 3) == [2 * i for i in range(40)]


def test_items_wait_for_no_other() -> None:
    meeting = Barrier(5)

    assert sorted(in_parallel(lambda _: meeting.wait(10), range(5), 5)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("items", [[], iter(())])
def test_without_items_there_is_no_result(items: list[int] | Iterator[int]) -> None:
    assert in_parallel(str, items) == []


def test_one_failure_keeps_no_other_item_from_its_call() -> None:
    called = []

    def call(number: int) -> None:
        called.append(number)
        if number == 0:
            raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        in_parallel(call, range(30), 1)

    assert called == list(range(30))
