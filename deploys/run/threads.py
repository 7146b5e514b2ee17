"""Map over threads; under pyinfra, threads are gevent's greenlets."""

from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int = 16
) -> list[Result]:
    """
    Call a function for every item at the same time, and return the results in the items' order.

    Every item gets its call, even if another one fails; then the first error is raised.
    """
    every = list(items)
    with ThreadPoolExecutor(max(1, min(len(every), workers))) as pool:
        futures = [pool.submit(work, item) for item in every]
    return [future.result() for future in futures]


def in_groups(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    group: Callable[[Item], Hashable],
    workers: int,
) -> list[Result]:
    """Call a function for every item as `in_parallel` does, with so many of a group at a time."""
    every = list(items)
    groups: dict[Hashable, list[int]] = {}
    for index, item in enumerate(every):
        groups.setdefault(group(item), []).append(index)
    found = in_parallel(
        lambda members: in_parallel(lambda index: work(every[index]), members, workers),
        groups.values(),
        len(groups),
    )
    results = {
        index: result
        for members, own in zip(groups.values(), found, strict=True)
        for index, result in zip(members, own, strict=True)
    }
    return [results[index] for index in range(len(every))]
