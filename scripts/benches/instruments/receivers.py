"""
Stand-ins for receivers: they take mail, and count connections at once and the messages of each.

A program for a host of the bench lab: no real server says how many connections it had at the most.
Its arguments are the address and port that tell the counts, then NAME=ADDRESS=PORT=SECONDS for each
receiver, with the seconds that a message takes there. A recipient is `reader<number>@<domain>`; the
number tells when that message arrived.
"""

import asyncio
import json
import re
import sys
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

NUMBER = re.compile(rb"<\w*?(\d+)@")
END_OF_DATA = b"\r\n.\r\n"
DONE = b"250 2.0.0 ok\r\n"
ANSWERS = {
    b"EHLO": b"250-stand-in\r\n250 PIPELINING\r\n",
    b"DATA": b"250 2.0.0 taken\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}


@dataclass
class Receiver:
    """A receiver and its counts since the last reset."""

    seconds: float
    open: int = 0
    most: int = 0  # connections at once
    longest: int = 0  # messages of one connection
    last: float = 0.0  # time of the last message
    arrivals: dict[int, float] = field(default_factory=dict)  # time by number of a message

    def reset(self) -> None:
        """Begin the counts anew."""
        self.most, self.longest, self.last = self.open, 0, 0.0
        self.arrivals.clear()

    def counts(self) -> dict[str, float]:
        """Return the counts."""
        taken = len(self.arrivals)
        return {"most": self.most, "longest": self.longest, "last": self.last, "taken": taken}

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a client until it leaves."""
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._session(reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = number = 0
        writer.write(b"220 stand-in ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"RCPT" and (found := NUMBER.search(line)):
                number = int(found[1])
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(END_OF_DATA)
                await asyncio.sleep(self.seconds)
                carried += 1
                self._note(number, carried)
            writer.write(ANSWERS.get(verb, DONE))
            if verb == b"QUIT":
                break

    def _note(self, number: int, carried: int) -> None:
        self.last = time.time()
        self.arrivals.setdefault(number, self.last)
        self.longest = max(self.longest, carried)


@dataclass(frozen=True)
class Teller:
    """Answers to `reset`, `counts` and `arrivals NAME`, one a connection, as JSON."""

    receivers: dict[str, Receiver]

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a command."""
        with suppress(ConnectionError):
            words = (await reader.readline()).decode().split()
            writer.write(json.dumps(self._answer(*words)).encode())
            await writer.drain()
        writer.close()

    def _answer(self, command: str = "", name: str = "") -> object:
        if command == "arrivals":
            return self.receivers[name].arrivals
        if command == "reset":
            for receiver in self.receivers.values():
                receiver.reset()
        return {name: receiver.counts() for name, receiver in self.receivers.items()}


async def main(address: str, port: str, *receivers: str) -> None:
    """Serve until the process is ended."""
    teller = Teller({})
    async with AsyncExitStack() as servers:
        for name, where, number, seconds in (one.split("=") for one in receivers):
            teller.receivers[name] = Receiver(float(seconds))
            serve = teller.receivers[name].connection
            await servers.enter_async_context(
                await asyncio.start_server(serve, where, int(number), backlog=1000)
            )
        await servers.enter_async_context(
            await asyncio.start_server(teller.connection, address, int(port))
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
