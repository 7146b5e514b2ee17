"""
Mail that comes fast: many messages a second, each on a connection of its own, each with a number.

Messages begin at a steady pace, and overlap; where a machine is too slow for that, some begin later
and none is left out. What was answered with 250 is accepted; the mailbox tells what became of it.
"""

import asyncio
import time
from collections import Counter
from uuid import uuid4

from aiosmtplib import SMTP, SMTPException

from tests.lab.background import Background
from tests.lab.runs import LAB, on

AT_ONCE = 4  # connections: enough for the pace, and most of a busy machine is left for the change
SECONDS = 300  # at the most


class Stream(Background):
    """A steady stream of mail to a host's mailbox, for as long as the context lasts."""

    def __init__(self, name: str, recipient: str, rate: float) -> None:
        self.name = name
        self.errors: dict[int, str] = {}  # by number of a message; "" where it was accepted
        self._address = LAB.address(name)
        self._recipient = recipient
        self._pace = 1 / rate
        self._token = uuid4().hex

    @property
    def accepted(self) -> set[int]:
        """Return the numbers of the messages that were answered with 250."""
        return {number for number, error in self.errors.items() if not error}

    def refused_in_a_row(self) -> int:
        """Return the longest row of messages that were not accepted."""
        longest = row = 0
        for number in sorted(self.errors):
            row = row + 1 if self.errors[number] else 0
            longest = max(longest, row)
        return longest

    def delivered(self) -> Counter[int]:
        """Return how often each message is in the mailbox, waiting a while for the last."""
        for _ in range(300):
            text = on(self.name, f"sed -n 's/^Subject: {self._token} //p' /var/mail/root")
            found = Counter(map(int, text.split()))
            if self.accepted <= set(found):
                break
            time.sleep(0.2)
        return found

    def _work(self) -> None:
        asyncio.run(self._flow())

    async def _flow(self) -> None:
        clock = asyncio.get_running_loop().time
        room, sending = asyncio.Semaphore(AT_ONCE), set()
        due = clock()
        for number in range(int(SECONDS / self._pace)):
            await asyncio.sleep(due - clock())
            await room.acquire()
            if self._ends_within(0):
                break
            due = max(due + self._pace, clock())
            task = asyncio.create_task(self._send(number, room))
            sending.add(task)
            task.add_done_callback(sending.discard)
        await asyncio.gather(*sending)

    async def _send(self, number: int, room: asyncio.Semaphore) -> None:
        error = "cut off"
        message = f"Subject: {self._token} {number}\r\n\r\nFor as long as hosts change.\r\n"
        try:
            async with SMTP(hostname=self._address, port=25, start_tls=False, timeout=30) as smtp:
                await smtp.sendmail("", [self._recipient], message)
                error = ""
        except (OSError, SMTPException) as failure:
            error = repr(failure)
        finally:
            self.errors[number] = error
            room.release()
