"""
DKIM signatures (RFC 6376), verified by dkimpy with keys from the World's DNS.

dkimpy would ask the resolver of the system.
"""

import re
from collections.abc import Callable, Collection
from email.message import Message

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from ..core.world import Names

# dkimpy raises these for headers that it cannot read; no header may end a run.
FAILURES = (dkim.DKIMException, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
LONGEST = 160  # characters of a header or an answer that are repeated
LONGEST_LIST = 4096  # characters of the names in h=, which rspamd writes twice


def signatures(headers: Message) -> list[dict[str, str]]:
    """Return the tags of each DKIM-Signature of a message; no tags of an unreadable one."""
    return [_tags(str(value)) for value in headers.get_all("DKIM-Signature", ())]


def covered(raw: bytes, message: Message, fields: Collection[str], names: Names) -> bool:
    """Tell whether a signature that verifies covers fields; raise UnansweredError."""
    wanted = {field.lower() for field in fields}
    for index, one in enumerate(signatures(message)):
        signed = {name.strip().lower() for name in one.get("h", "").split(":")}
        if signed >= wanted and not failure(raw, index, names):
            return True
    return False


def failure(raw: bytes, index: int, names: Names) -> str:
    """Return the reason why a signature does not verify, nothing if it does."""
    found: list[bytes] = []
    try:
        if dkim.DKIM(raw, minkey=1024).verify(index, keys(names, found)):
            return ""
    except FAILURES as problem:
        return str(problem)[:LONGEST] or type(problem).__name__
    return _key_failure(found[-1] if found else b"")


def _key_failure(key: bytes) -> str:
    """Return the fault of a key that did not verify a signature."""
    if not key:
        return "the DNS has no such key"
    try:
        dkim.evaluate_pk("it", key)
    except FAILURES as problem:
        return f"the record cannot be read: {problem}"[:LONGEST]
    return "the DNS has another key"


def keys(names: Names, found: list[bytes]) -> Callable[..., bytes | None]:
    """Return the function with which dkimpy asks for a key; it adds the answers to `found`."""

    def key(name: bytes | str, timeout: float = 0) -> bytes | None:
        del timeout  # the World has its own
        text = name.decode(errors="replace") if isinstance(name, bytes) else name
        values = names.lookup(text.removesuffix("."), "TXT")
        # RFC 6376 section 3.6.2.2: of several records, a verifier may take any.
        record = next((one for one in values if "p=" in one), "")
        found.append(record.encode(errors="replace"))
        return found[-1] or None

    return key


def _tags(header: str) -> dict[str, str]:
    try:
        found = parse_tag_value(re.sub(r"\s+", " ", header).encode(errors="replace"))
    except InvalidTagValueList:
        return {}
    values = {
        name.decode(errors="replace"): value.decode(errors="replace")
        for name, value in found.items()
    }
    return {
        name: value[: LONGEST_LIST if name == "h" else LONGEST] for name, value in values.items()
    }
