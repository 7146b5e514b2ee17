"""Map over threads; under pyinfra, threads are gevent's greenlets."""

from collections.abc import Callable, Iterable
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
