"""
Notebook: the one writer of the store, and lookups beside it.

Sessions that wait at the same time share a transaction, because the disk confirms only some
hundred of them in a second.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .event import BulkEvent
from .store import Store, StoreError

LARGEST_BATCH = 200  # events
Result = TypeVar("Result")


class Notebook:
    """A store that sessions of one event loop use together; `writer` is used by one thread."""

    def __init__(self, store: Store, *, told: bool) -> None:
        self.store = store
        self._told = told
        self._waiting: asyncio.Queue[tuple[BulkEvent, asyncio.Future[None]]] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "store")
        self.noted = asyncio.Event()

    async def note(self, event: BulkEvent) -> None:
        """Return once an event is on the disk; raise StoreError if it cannot be noted."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._waiting.put((event, done))
        await done

    async def ask(self, function: Callable[..., Result], *values: object) -> Result:
        """Return what a method of the store answers, from the store's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *values)

    async def run(self) -> None:
        """Note what sessions bring, until the program ends."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < LARGEST_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._write(batch)

    async def _write(self, batch: Sequence[tuple[BulkEvent, asyncio.Future[None]]]) -> None:
        try:
            await self.ask(self._note, [event for event, _ in batch])
        except StoreError as error:
            for _, done in batch:
                if not done.cancelled():
                    done.set_exception(error)
            return
        for _, done in batch:
            if not done.cancelled():
                done.set_result(None)
        self.noted.set()

    def _note(self, events: Sequence[BulkEvent]) -> int:
        return self.store.note(events, told=self._told)
