"""
Lookups of Postfix (socketmap_table(5)): netstrings of a map's name, a space and a key.

A map that cannot answer says TEMP: a client gets 451 then, and mail in the queue waits.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from .netstring import netstring

Lookup = Callable[[str], Awaitable[str | None]]  # of a key; None if the map does not have it

log = logging.getLogger(__name__)


class LookupFailure(Exception):
    """A map that cannot answer now; the text says why."""


async def serve(
    maps: Mapping[str, Lookup], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the requests of one connection until it ends."""
    try:
        while request := await netstring(reader):
            answer = (await _answer(maps, request)).encode()
            writer.write(b"%d:%b," % (len(answer), answer))
            await writer.drain()
    except (ValueError, OSError, asyncio.IncompleteReadError) as error:
        log.warning("a socketmap connection ends: %s", error)
    finally:
        writer.close()


async def _answer(maps: Mapping[str, Lookup], request: str) -> str:
    name, _, key = request.partition(" ")
    if name not in maps:
        return f"PERM there is no map {name[:40]}"
    try:
        value = await maps[name](key)
    except LookupFailure as failure:
        return f"TEMP {failure}"
    return "NOTFOUND " if value is None else f"OK {value}"
