"""
Received headers (RFC 5321 section 4.4): each server on a message's path writes one.

Their dates have whole seconds; the log of Postfix has exact ones (mail_log.py).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

_MOST = 30
_CLAUSE = re.compile(r"\b(by|with|id)\s+([^\s;()]+)", re.IGNORECASE)
_FROM = re.compile(r"^from\s+(\S+)", re.IGNORECASE)
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]*\)")
_TLS = re.compile(r"\((?:using )?TLSv?1|\btls TLS_|\bversion=TLS", re.IGNORECASE)
# RFC 3848, RFC 6531 and IANA's "Mail Transmission Types": an S at the end, or before the A.
_SECURE = re.compile(r"^(?:UTF8)?(?:E?SMTP|LMTP)SA?$|^HTTPS$", re.IGNORECASE)
_INSIDE = re.compile(r"^(?:UTF8)?LMTP|^local", re.IGNORECASE)


@dataclass(frozen=True)
class ReceivedHeader:
    """One Received header: the server (`by`), its client, and how and when it took the message."""

    by: str
    client: str = ""
    address: str = ""
    protocol: str = ""
    secure: bool = False
    id: str = ""
    at: datetime | None = None

    @property
    def between_hosts(self) -> bool:
        """Tell whether a network was crossed: no pickup, no delivery agent, no loopback."""
        try:
            loopback = ip_address(self.address).is_loopback
        except ValueError:
            return False
        return not loopback and not _INSIDE.match(self.protocol)


def received_headers(raw: bytes) -> tuple[ReceivedHeader, ...]:
    """Return the Received headers of a message, the last server's first."""
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    values = headers.get_all("Received", ())[:_MOST]
    return tuple(_parsed(" ".join(str(value).split())) for value in values)


def _parsed(text: str) -> ReceivedHeader:
    trace, _, date = text.rpartition(";")
    client = _FROM.match(trace)
    # Comments contain what clients claim; the server's own words are outside of them.
    before, _, after = trace.partition(" by ") if client else ("", "", trace)
    bare = _bare(f"by {after}" if client else trace)
    clauses = {name.lower(): value for name, value in reversed(_CLAUSE.findall(bare))}
    addresses = _ADDRESS.findall(before)
    protocol = clauses.get("with", "")
    return ReceivedHeader(
        by=clauses.get("by", "").lower(),
        client=client[1].lower() if client else "",
        address=addresses[-1] if addresses else "",
        protocol=protocol.upper(),
        secure=bool(_SECURE.match(protocol) or _TLS.search(after)),
        id=clauses.get("id", ""),
        at=_moment(date),
    )


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(_bare(date).strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _bare(text: str) -> str:
    """Return a text without its comments, which may contain comments."""
    for _ in range(2):
        text = _COMMENT.sub(" ", text)
    return text
