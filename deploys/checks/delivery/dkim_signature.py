"""
DKIM signatures (RFC 6376), verified by dkimpy with the keys that the World's names find.

dkimpy asks the system's resolver by itself. Here it asks whom it is given, as pyspf does.
"""

import re
from collections.abc import Callable
from email.message import Message

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from ..core.world import Names

# What dkimpy raises of what it was not made for, as no header of a stranger may end a run.
NEVER = (dkim.DKIMException, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
LONGEST = 160  # characters of a stranger's header or answer that are repeated


def signatures(headers: Message) -> list[dict[str, str]]:
    """Return the tags of each DKIM-Signature of a message; none of one that cannot be read."""
    return [_tags(str(value)) for value in headers.get_all("DKIM-Signature", ())]


def failure(raw: bytes, index: int, names: Names) -> str:
    """Return why a signature does not verify, nothing if it does."""
    asked: list[bytes] = []
    try:
        if dkim.DKIM(raw, minkey=1024).verify(index, keys(names, asked)):
            return ""
    except NEVER as problem:
        return str(problem)[:LONGEST] or type(problem).__name__
    return _of_key(asked[-1] if asked else b"")


def _of_key(key: bytes) -> str:
    """Return what is wrong with a key that did not verify a signature."""
    if not key:
        return "the DNS has no such key"
    try:
        dkim.evaluate_pk("it", key)
    except NEVER as problem:
        return f"the record cannot be read: {problem}"[:LONGEST]
    return "the key in the DNS is another one"


def keys(names: Names, asked: list[bytes]) -> Callable[..., bytes | None]:
    """Return dkimpy's way to ask for a key, which notes what it was told."""

    def key(name: bytes | str, timeout: float = 0) -> bytes | None:
        del timeout  # names keep their own
        text = name.decode(errors="replace") if isinstance(name, bytes) else name
        values = names.lookup(text.removesuffix("."), "TXT")
        # RFC 6376 section 3.6.2.2: of several, a verifier may take any; a key says that it is one.
        found = next((one for one in values if "p=" in one), None)
        asked.append(found.encode(errors="replace") if found else b"")
        return asked[-1] or None

    return key


def _tags(header: str) -> dict[str, str]:
    try:
        found = parse_tag_value(re.sub(r"\s+", " ", header).encode(errors="replace"))
    except InvalidTagValueList:
        return {}
    return {
        name.decode(errors="replace"): value.decode(errors="replace")[:LONGEST]
        for name, value in found.items()
    }
