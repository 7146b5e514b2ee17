"""
Integrity of a message: its body to the octet (RFC 6152), and its identifying headers.

A server may re-encode a body for the next one (RFC 2045); then the decoded parts are compared. An
mbox escapes "From " at the beginning of a line, which is undone first.
"""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from itertools import zip_longest

from ...mail.settings.model import Fleet
from ..core.finding import Check, Finding, shortened
from ..core.world import World
from .exchange import Delivery
from .inspection import per_message

INTACT = Check(
    "delivery.intact",
    "domain",
    "Does the body of a message arrive unchanged, to the octet?",
    "RFC 5322 section 2.1.1, RFC 6152, RFC 2045",
    why="A server that changes bodies breaks signatures, files, and names with accents.",
    remedy="Remove content filters that rewrite bodies, and offer 8BITMIME at every server.",
)
HEADERS = Check(
    "delivery.headers",
    "domain",
    "Does each identifying header arrive once, as it was sent?",
    "RFC 5322 section 3.6, RFC 5321 section 4.4",
    why="Receivers refuse mail with two authors; a new Message-ID breaks threads and searches.",
    remedy="Remove filters that add or replace headers: see always_add_missing_headers.",
)

_ONCE = ("Message-ID", "Date", "From", "Subject", "To")
_FILTER = "look for a content filter, milter or gateway on the path that rewrites messages"
_LONGEST = 60


def unescaped(raw: bytes) -> bytes:
    """Return a message without the escapes of an mbox, with lines that end in CR and LF."""
    text = re.sub(rb"^>From ", b"From ", raw, flags=re.MULTILINE)
    return re.sub(rb"\r?\n", b"\r\n", text)


@per_message(INTACT, HEADERS)
def contents(delivery: Delivery, raw: bytes, _fleet: Fleet, _world: World) -> Iterator[Finding]:
    """Compare one message that arrived with the one that was sent."""
    arrived = unescaped(raw)
    yield _body_finding(delivery, unescaped(delivery.route.message.compose()), arrived)
    yield _headers_finding(delivery, arrived)


def _body_finding(delivery: Delivery, sent: bytes, arrived: bytes) -> Finding:
    domain, path = delivery.route.domain, delivery.route.path
    before, after = _body(sent), _body(arrived)
    if before == after:
        return INTACT.ok(domain, f"{path}: all {len(before)} octets of its body")
    if _parts(_parsed(sent)) == _parts(_parsed(arrived)) and _last(before) == _last(after):
        return INTACT.ok(domain, f"{path}: re-encoded on its path; decoded, it is what was sent")
    return INTACT.error(domain, f"{path}: {_difference(before, after)}", _FILTER)


def _headers_finding(delivery: Delivery, arrived: bytes) -> Finding:
    route, message = delivery.route, _parsed(arrived)
    sent = _parsed(route.message.compose())
    wrong = [
        f"{len(found)} {name} headers" if len(found) > 1 else f"{name} is {_short(found)}"
        for name in _ONCE
        if (found := _all(message, name)) != _all(sent, name)
    ]
    paths, fix = _all(message, "Return-Path"), _FILTER
    expected = f"<{route.message.sender}>"
    # A forwarder that keeps SPF alive writes an address of its own around the sender's.
    rewritten = len(paths) == 1 and re.match(r"<(?:SRS[01]|prvs)[=+-]", paths[0], re.IGNORECASE)
    if paths and paths != [expected] and not rewritten:
        wrong.append(f"Return-Path is {_short(paths)} instead of {expected}")
    elif not paths and not wrong:
        saw = f"{route.path}: the last server wrote no Return-Path"
        return HEADERS.warning(
            route.domain, saw, "configure the delivery agent to write Return-Path"
        )
    if wrong:
        return HEADERS.error(route.domain, f"{route.path}: {'; '.join(wrong)}", fix)
    saw = f"{route.path}: one each of {', '.join(_ONCE)}, as sent; Return-Path {_short(paths)}"
    return HEADERS.ok(route.domain, saw)


def _parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=default).parsebytes(raw)


def _all(message: EmailMessage, name: str) -> list[str]:
    return [" ".join(str(value).split()) for value in message.get_all(name, ())]


def _body(raw: bytes) -> bytes:
    # An mbox ends each message with an empty line, which was not sent.
    return raw.partition(b"\r\n\r\n")[2].rstrip(b"\r\n")


def _last(body: bytes) -> bytes:
    """Return the text after the last part."""
    return body.rpartition(b"--\r\n")[2]


def _parts(message: EmailMessage) -> list[tuple[str, bytes]]:
    return [
        (part.get_content_type(), _decoded(part))
        for part in message.walk()
        if not part.is_multipart()
    ]


def _decoded(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    decoded = content if isinstance(content, bytes) else b""
    if part.get_content_maintype() == "text":
        return decoded.replace(b"\r\n", b"\n").rstrip(b"\n")
    return decoded


def _difference(before: bytes, after: bytes) -> str:
    lines = zip_longest(before.split(b"\r\n"), after.split(b"\r\n"))
    for number, (one, other) in enumerate(lines, 1):
        if one != other:
            sent, arrived = (_quoted(line, one or b"", other or b"") for line in (one, other))
            return f"line {number} of its body was sent as {sent} and arrived as {arrived}"
    return "its body differs"


def _quoted(line: bytes | None, one: bytes, other: bytes) -> str:
    """Return the part of a line around the first octet in which two lines differ."""
    if line is None:
        return "nothing"
    same = next(
        (
            place
            for place, (left, right) in enumerate(zip(one, other, strict=False))
            if left != right
        ),
        min(len(one), len(other)),
    )
    start = max(0, same - 10)
    return repr(line[start : start + _LONGEST].decode(errors="backslashreplace"))


def _short(values: list[str]) -> str:
    return shortened(", ".join(values) or "missing", _LONGEST)
