"""Netstrings, of which requests by socketmap_table(5) and by SCGI are made."""

import asyncio

LARGEST = 10_000  # octets of a request, far more than an address or a token has
_DIGITS = 6  # of the length of a netstring


async def netstring(reader: asyncio.StreamReader) -> str:
    """Return the next request, "" at the end of the connection; raise ValueError for others."""
    length = bytearray()
    while (octet := await reader.read(1)).isdigit() and len(length) < _DIGITS:
        length += octet
    if not octet and not length:
        return ""
    if octet != b":" or not length or int(length) > LARGEST:
        raise ValueError("a request is not a netstring")
    text = await reader.readexactly(int(length) + 1)
    if text[-1:] != b",":
        raise ValueError("a request is not a netstring")
    return text[:-1].decode("utf-8", "replace")
