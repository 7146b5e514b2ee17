"""
A distant host: a TCP relay on loopback that delays all bytes.

Each direction is a queue of chunks. A chunk is due half a round trip after it came, so a connection
is delayed but keeps its throughput. A connection takes a round trip, as the TCP handshake does:
loopback accepts at once, so early bytes of a client count from the end of that round trip, and the
host sees the connection when the third segment would reach it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from .background import background

CHUNK = 65536
Address = tuple[str, int]


@contextmanager
def far_away(hosts: Sequence[Address], round_trip: float) -> Iterator[Mapping[Address, int]]:
    """Relay to hosts for as long as the context lasts; yield each one's port on loopback."""
    with background("far away") as loop:
        started = asyncio.run_coroutine_threadsafe(_serve(hosts, round_trip), loop)
        servers = started.result(timeout=10)
        try:
            yield {host: _port(server) for host, server in zip(hosts, servers, strict=True)}
        finally:
            asyncio.run_coroutine_threadsafe(_close(servers), loop).result(timeout=10)


async def _serve(hosts: Sequence[Address], round_trip: float) -> list[asyncio.Server]:
    return [
        await asyncio.start_server(_relay_to(host, round_trip), "127.0.0.1", 0) for host in hosts
    ]


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def _close(servers: Sequence[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    connections = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


def _relay_to(host: Address, round_trip: float) -> Callable[..., Awaitable[None]]:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await _relay(reader, writer, host, round_trip)
        writer.close()

    return relay


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: Address, round_trip: float
) -> None:
    connected = asyncio.get_running_loop().time() + round_trip
    outbound = _Direction(reader, round_trip / 2, since=connected)
    taking = asyncio.create_task(outbound.take())
    await asyncio.sleep(round_trip * 1.5)
    host_reader, host_writer = await asyncio.open_connection(*host)
    inbound = _Direction(host_reader, round_trip / 2)
    both_ways = (taking, outbound.give(host_writer), inbound.take(), inbound.give(writer))
    await asyncio.gather(*both_ways, return_exceptions=True)
    host_writer.close()


class _Direction:
    """Bytes on their way from one end to the other."""

    def __init__(self, reader: asyncio.StreamReader, delay: float, since: float = 0) -> None:
        self._reader = reader
        self._delay = delay
        self._since = since
        self._due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def take(self) -> None:
        """Store every chunk with its time at the other end; an empty chunk is the end."""
        clock, chunk = asyncio.get_running_loop().time, b"-"
        while chunk:
            chunk = await self._next()
            await self._due.put((max(clock(), self._since) + self._delay, chunk))

    async def _next(self) -> bytes:
        try:
            return await self._reader.read(CHUNK)
        except ConnectionError:
            return b""

    async def give(self, writer: asyncio.StreamWriter) -> None:
        """Pass on every chunk at its time."""
        clock, chunk = asyncio.get_running_loop().time, b"-"
        while chunk:
            due, chunk = await self._due.get()
            await asyncio.sleep(due - clock())
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
