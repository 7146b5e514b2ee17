"""
Delivery status notifications (DSN, RFC 3464) of test messages.

The id of a test message is also its envelope id (RFC 3461 section 4.4), which its DSN repeats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import compat32, default

from .message import HEADER


@dataclass(frozen=True)
class Dsn:
    """The fields of one recipient; `returned` is the id in the headers of the original message."""

    envelope: str = ""
    server: str = ""
    recipient: str = ""
    action: str = ""
    status: str = ""
    returned: str = field(default="", compare=False)


def original_id(raw: bytes) -> str:
    """Return the id of the message that a DSN is about, empty for another message."""
    found = parsed(raw)
    return found.envelope if found else ""


def parsed(raw: bytes) -> Dsn | None:
    """Return a DSN with the fields of its first recipient, None for another message."""
    # compat32 keeps any value as it is: the fields are not those of a message.
    message = BytesParser(policy=compat32).parsebytes(raw)
    if message.get_content_type() != "multipart/report":
        return None
    parts = {part.get_content_type(): part for part in message.walk() if part is not message}
    status = parts.get("message/delivery-status")
    blocks = status.get_payload() if status else ()
    if not isinstance(blocks, list) or len(blocks) < len(("message", "recipient")):
        return None
    whole, recipient = _fields(blocks[0]), _fields(blocks[1])
    return Dsn(
        envelope=whole.get("original-envelope-id", ""),
        server=_typed(whole.get("reporting-mta", "")),
        recipient=_typed(recipient.get("final-recipient", "")),
        action=recipient.get("action", "").lower(),
        status=recipient.get("status", "").partition(" ")[0],
        returned=_returned(parts),
    )


def _fields(block: object) -> Mapping[str, str]:
    fields = block.items() if isinstance(block, Message) else ()
    return {name.lower(): " ".join(str(value).split()) for name, value in fields}


def _typed(value: str) -> str:
    """Return a value without its type, as in `dns; mx1.harbor.example`."""
    return value.partition(";")[2].strip().lower()


def _returned(parts: Mapping[str, Message]) -> str:
    """Return the id in the headers of the original message."""
    if part := parts.get("text/rfc822-headers"):
        content = part.get_payload(decode=True)
        text = content if isinstance(content, bytes) else b""
        original: Message = BytesParser(policy=default).parsebytes(text, headersonly=True)
    elif (whole := parts.get("message/rfc822")) and isinstance(whole.get_payload(), list):
        original = whole.get_payload(0)  # type: ignore[assignment]
    else:
        original = EmailMessage()
    return str(original[HEADER] or "").strip()
