"""
Feedback reports (ARF, RFC 5965): a person has called a message spam.

Anybody can send one, so only a report that returns our envelope sender or our token counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from .parts import field, part_of_type, returned

_TYPE = "message/feedback-report"
_ANGLES = re.compile(r"<([^<>]*)>")
_OF_COMPLAINTS = {"abuse", "fraud", "other", "virus"}  # "not-spam" is the opposite of a complaint


@dataclass(frozen=True)
class Complaint:
    """A feedback report: its kind, and every text that may be an address or a token of ours."""

    kind: str
    senders: tuple[str, ...]
    links: tuple[str, ...]


def complaint(message: Message) -> Complaint | None:
    """Return the complaint in a message, None for another message."""
    part = part_of_type(message, _TYPE)
    if part is None:
        return None
    fields, original = _fields(part), returned(message)
    kind = field(fields, "Feedback-Type").lower() or "abuse"
    senders = (field(fields, "Original-Mail-From"), field(original, "Return-Path"))
    links = _ANGLES.findall(field(original, "List-Unsubscribe"))
    return Complaint(kind, tuple(map(_address, filter(None, senders))), tuple(links))


def is_complaint(kind: str) -> bool:
    """Tell a kind of report that says that the message was not wanted."""
    return kind in _OF_COMPLAINTS


def tokens_in(links: tuple[str, ...]) -> Iterator[str]:
    """Yield the tokens in the links of a List-Unsubscribe header."""
    for link in links:
        scheme, _, rest = link.partition(":")
        if scheme.lower() == "mailto":
            yield rest.rpartition("subject=")[2]
        else:
            yield rest.rpartition("/")[2]


def _fields(part: Message) -> Message:
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else part
    return first if isinstance(first, Message) else part


def _address(text: str) -> str:
    found = _ANGLES.search(text)
    return (found[1] if found else text).strip()
