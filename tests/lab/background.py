"""Work that goes on in a thread while a test does something else."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class Background(ABC):
    """Work from the start of a block to its end, or to an end of its own."""

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @abstractmethod
    def _work(self) -> None:
        """Do the work, and return soon after the end of the block."""

    def _ends_within(self, seconds: float) -> bool:
        """Pause; return early, and whether the block has ended."""
        return self._end.wait(seconds)
