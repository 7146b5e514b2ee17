"""
Parts of a message from outside, bounded in size, depth and number.

Its sender may be hostile: nothing here raises an error for any octets.
"""

from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

LARGEST = 512 * 1024  # octets that are read: reports have their fields before the original
DEEPEST, MOST = 8, 64  # levels of parts, and parts
LONGEST_FIELD = 1000  # characters


def message_of(raw: bytes) -> Message:
    """Return the message in the first octets of a text; an empty one if it cannot be parsed."""
    # compat32 keeps any value as it is: other policies parse it, and fail at some.
    try:
        return BytesParser(policy=compat32).parsebytes(raw[:LARGEST])
    except Exception:  # noqa: BLE001 - a parser of hostile text; too deep is a RecursionError
        return Message()


def parts_of(message: Message) -> Iterator[Message]:
    """Yield a message and its parts, the outermost first."""
    waiting, count = [(message, 0)], 0
    while waiting and count < MOST:
        part, depth = waiting.pop(0)
        count += 1
        yield part
        inner = part.get_payload()
        if isinstance(inner, list) and depth < DEEPEST:
            waiting[:0] = [(one, depth + 1) for one in inner[:MOST] if isinstance(one, Message)]


def part_of_type(message: Message, *types: str) -> Message | None:
    """Return the first part of one of these types, None without one."""
    return next((part for part in parts_of(message) if part.get_content_type() in types), None)


def field(part: Message | None, name: str) -> str:
    """Return a field in one line without control characters, "" if there is none."""
    return plain(str(part.get(name, "")))[:LONGEST_FIELD] if part else ""


def plain(text: str) -> str:
    """Return a text as one line of printable characters."""
    return "".join(one if one.isprintable() else "?" for one in " ".join(text.split()))


def text_of(part: Message) -> str:
    """Return the text of a part; octets that are not of its charset become question marks."""
    try:
        content = part.get_payload(decode=True)
        octets = content if isinstance(content, bytes) else b""
    except Exception:  # noqa: BLE001 - as above: the decoders fail at some texts
        octets = b""
    charset = str(part.get_param("charset", "utf-8"))
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("latin-1")


def returned(message: Message) -> Message | None:
    """Return the headers of the original message, which a report has, None without them."""
    part = part_of_type(message, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers")
    if part is None:
        return None
    inner = part.get_payload()
    if isinstance(inner, list):
        return inner[0] if inner and isinstance(inner[0], Message) else None
    return message_of(text_of(part).encode("utf-8", "replace"))
