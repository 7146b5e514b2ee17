"""Work that goes on in a thread while a test does something else."""

import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Self


class Background(ABC):
    """Work from the start of a block to its end, or to an end of its own; its error is raised."""

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._working = self._pool.submit(self._work)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._end.set()
        with self._pool:
            failure = self._working.exception()
        if failure and not kind:
            raise failure

    @abstractmethod
    def _work(self) -> None:
        """Do the work, and return soon after the end of the block."""

    def _ends_within(self, seconds: float) -> bool:
        """Pause; return early, and whether the block has ended."""
        return self._end.wait(seconds)
