"""
Bounces: DSN (RFC 3464), and what older servers send instead of one.

Texts without a standard are known to flufl.bounce, which Mailman uses. Delays and successes are no
failures, and neither are replies of people's programs (RFC 3834).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from .parts import field, part_of_type, parts_of, plain, text_of

LONGEST_REASON = 400  # characters
_STATUS = "message/delivery-status"
_GLOBAL_STATUS = "message/global-delivery-status"  # RFC 6533
_AUTOMATIC = {"auto-replied", "auto-notified"}
_REPLY = re.compile(
    r"\b[245]\d\d[ -]#?(?:[245]\.\d{1,3}\.\d{1,3})?[^\n]*(?:\n[ \t]*\d{3}[ -][^\n]*)*"
)
_STANDARD_TYPE = "multipart/report"


@dataclass(frozen=True)
class DeliveryFailure:
    """A failed delivery: the recipient in the report's forms, its status code and the reason."""

    recipients: tuple[str, ...]
    status: str
    reason: str


def failures(message: Message) -> list[DeliveryFailure]:
    """Return the failures that a message reports; none for another message."""
    if message.get_content_type() == _STANDARD_TYPE:
        part = part_of_type(message, _STATUS, _GLOBAL_STATUS)
        if part is not None:
            return list(_standard(part))
    return [] if is_automatic(message) else list(_other(message))


def is_report(message: Message) -> bool:
    """Tell a DSN, of a failure or of anything else."""
    return part_of_type(message, _STATUS, _GLOBAL_STATUS) is not None


def is_automatic(message: Message) -> bool:
    """Tell a reply that somebody's program wrote, such as one of a holiday (RFC 3834)."""
    written = field(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        written in _AUTOMATIC
        or bool(message.get("X-Autoreply") or message.get("X-Autorespond"))
        or field(message, "Precedence").lower() == "auto_reply"
    ) and not is_report(message)


def _standard(part: Message) -> Iterator[DeliveryFailure]:
    """Yield the failures in the fields of a DSN: those of the message, then of each recipient."""
    blocks = part.get_payload()
    for block in _blocks(blocks if isinstance(blocks, list) else text_of(part)):
        if field(block, "Action").lower() == "failed":
            forms = (field(block, "Original-Recipient"), field(block, "Final-Recipient"))
            yield DeliveryFailure(
                tuple(_typed(form) for form in forms if form),
                field(block, "Status"),
                _typed(field(block, "Diagnostic-Code"))[:LONGEST_REASON],
            )


def _blocks(payload: object) -> Iterator[Message]:
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
        return
    for text in re.split(r"\r?\n[ \t]*\r?\n", str(payload)):  # an encoded part has not been parsed
        block = Message()
        for line in re.sub(r"\r?\n[ \t]+", " ", text).splitlines():
            name, _, value = line.partition(":")
            block[plain(name)] = plain(value)
        yield block


def _typed(value: str) -> str:
    """Return a value without its type, as in `rfc822; anna@example.net`."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and kind.strip().replace("-", "").isalnum() else value


def _other(message: Message) -> Iterator[DeliveryFailure]:
    """Yield the failures that flufl.bounce finds in a text."""
    from flufl.bounce import all_failures  # noqa: PLC0415 - slow, and seldom needed

    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - parsers of hostile text
        return
    found = [(one, "4.0.0") for one in temporary] + [(one, "5.0.0") for one in permanent]
    for raw, status in found:
        recipient = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        yield DeliveryFailure((recipient,), status, _quoted_reply(message, recipient))


def _quoted_reply(message: Message, recipient: str) -> str:
    """Return the reply of a server that a text quotes after a recipient, or the next line."""
    text = "\n".join(
        text_of(part) for part in parts_of(message) if part.get_content_maintype() == "text"
    )
    after = text[max(text.find(recipient), 0) :][len(recipient) :]
    reply = _REPLY.search(after)
    lines = [line.strip(" >:\t") for line in after.splitlines()]
    return plain(reply[0] if reply else next(filter(None, lines), ""))[:LONGEST_REASON]
