"""
Name servers at a distance: each answers after a delay, and one of them may lag behind.

They answer from this process, at loopback addresses, so their own cost is measured too.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rrset

from deploys.dns.query import Server
from deploys.zones.model.changes import ExpectedAnswer

from .background import background

ROUND_TRIP = 0.025
TTL = 300
Moments = Mapping[int, float]  # by the number of a server: the time from which it has its records


@dataclass
class _Zone:
    """The published records, and a cache of answers."""

    held: Mapping[tuple[str, str], ExpectedAnswer]
    made: dict[bytes, bytes] = field(default_factory=dict)

    def answer(self, query: bytes, *, empty: bool) -> bytes:
        key = bytes([empty]) + query[2:]  # all but the number of the question
        if key not in self.made:
            self.made[key] = self._answer(query, empty=empty)[2:]
        return query[:2] + self.made[key]

    def _answer(self, query: bytes, *, empty: bool) -> bytes:
        question = dns.message.from_wire(query)
        response = dns.message.make_response(question)
        response.flags |= dns.flags.AA
        name, kind = question.question[0].name, question.question[0].rdtype
        expected = self.held.get((name.to_text(omit_final_dot=True), kind.name))
        if expected and not empty:
            response.answer = [dns.rrset.from_text(name, TTL, "IN", kind, *expected.present)]
        return bytes(response.to_wire())


class _FarServer(asyncio.DatagramProtocol):
    def __init__(self, zone: _Zone, since: float) -> None:
        self._zone = zone
        self._since = since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._zone.answer(data, empty=time.monotonic() < self._since)
        loop = asyncio.get_running_loop()
        loop.call_later(ROUND_TRIP, self._transport.sendto, answer, addr)


@contextmanager
def far_servers(
    count: int, records: tuple[ExpectedAnswer, ...], since: Moments | None = None
) -> Iterator[list[Server]]:
    """Serve records from `count` name servers for as long as the context lasts."""
    zone = _Zone({(expected.name, expected.type): expected for expected in records})
    with background("name servers") as loop:
        started = _started(zone, count, since or {}, loop)
        transports = asyncio.run_coroutine_threadsafe(started, loop).result(timeout=10)
        try:
            yield [
                Server(f"ns{number}.nic.example", *transport.get_extra_info("sockname"))
                for number, transport in enumerate(transports, 1)
            ]
        finally:
            for transport in transports:
                loop.call_soon_threadsafe(transport.close)


async def _started(
    zone: _Zone, count: int, since: Moments, loop: asyncio.AbstractEventLoop
) -> list[asyncio.DatagramTransport]:
    found: list[asyncio.DatagramTransport] = []
    for number in range(1, count + 1):
        server = _FarServer(zone, since.get(number, 0))
        transport, _ = await loop.create_datagram_endpoint(
            lambda server=server: server,  # type: ignore[misc] # bound now, called at once
            (f"127.0.1.{number}", 0),
        )
        found.append(transport)
    return found
