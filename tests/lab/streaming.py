"""
Mail that comes fast: many messages a second, each on a connection of its own, each with a number.

Messages begin at a steady pace, and overlap; where a machine is too slow for that, some begin later
and none is left out. What was answered with 250 is accepted; the mailbox tells what became of it.
"""

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from aiosmtplib import SMTP, SMTPException

from tests.lab.running import LAB, on

AT_ONCE = 4  # connections: enough for the pace, and most of a busy machine is left for the change
SECONDS = 300  # at the most


@dataclass(frozen=True)
class Attempt:
    """When a message was begun and when its answer came; `error` where that was not 250."""

    number: int
    began: float
    ended: float
    error: str


class Stream:
    """A steady stream of mail to a host's mailbox, for as long as the context lasts."""

    def __init__(self, name: str, recipient: str, rate: float) -> None:
        self.name = name
        self.attempts: list[Attempt] = []
        self._address = LAB.address(name)
        self._recipient = recipient
        self._pace = 1 / rate
        self._token = uuid4().hex
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._flow()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def accepted(self) -> set[int]:
        """Return the numbers of the messages that were answered with 250."""
        return {attempt.number for attempt in self.attempts if not attempt.error}

    @property
    def rate(self) -> float:
        """Return how many messages a second were accepted."""
        began = min(attempt.began for attempt in self.attempts)
        ended = max(attempt.ended for attempt in self.attempts)
        return len(self.accepted) / (ended - began)

    def outages(self) -> list[float]:
        """Return for how many seconds each time no connection was taken."""
        outages, since = [], 0.0
        for attempt in sorted(self.attempts, key=lambda attempt: attempt.began):
            if attempt.error:
                since = since or attempt.began
            elif since:
                outages.append(attempt.began - since)
                since = 0.0
        return outages

    def told(self) -> str:
        """Return what there is to say of it, for a report."""
        errors = Counter(attempt.error for attempt in self.attempts if attempt.error)
        return (
            f"{len(self.accepted)} messages accepted, {self.rate:.0f} a second; "
            f"{len(self.attempts) - len(self.accepted)} not, the longest time for "
            f"{max(self.outages(), default=0):.2f} s: {dict(errors)}"
        )

    def delivered(self) -> Counter[int]:
        """Return how often each message is in the mailbox, waiting a while for the last."""
        for _ in range(300):
            text = on(self.name, f"sed -n 's/^Subject: {self._token} //p' /var/mail/root")
            found = Counter(map(int, text.split()))
            if self.accepted <= set(found):
                break
            time.sleep(0.2)
        return found

    async def _flow(self) -> None:
        clock, room, sending = time.monotonic, asyncio.Semaphore(AT_ONCE), set()
        due = clock()
        for number in range(int(SECONDS / self._pace)):
            await asyncio.sleep(due - clock())
            await room.acquire()
            if self._stop.is_set():
                break
            due = max(due + self._pace, clock())
            task = asyncio.create_task(self._send(number, room))
            sending.add(task)
            task.add_done_callback(sending.discard)
        await asyncio.gather(*sending)

    async def _send(self, number: int, room: asyncio.Semaphore) -> None:
        began, error = time.monotonic(), "cut off"
        message = f"Subject: {self._token} {number}\r\n\r\nFor as long as hosts change.\r\n"
        try:
            async with SMTP(hostname=self._address, port=25, start_tls=False, timeout=30) as smtp:
                await smtp.sendmail("", [self._recipient], message)
                error = ""
        except (OSError, SMTPException) as failure:
            error = repr(failure)
        finally:
            self.attempts.append(Attempt(number, began, time.monotonic(), error))
            room.release()
