"""
Events of bulk mail and suppressed recipients, as the store keeps them and as others read them.

docs/bulk.md has both formats.
"""

import json
from dataclasses import asdict, dataclass
from typing import Literal

EventKind = Literal["hard", "soft", "policy", "complaint", "unsubscribe", "removed"]
SuppressionKind = Literal["hard", "soft", "complaint", "unsubscribe", "manual"]
KINDS: tuple[SuppressionKind, ...] = ("hard", "soft", "complaint", "unsubscribe", "manual")


@dataclass(frozen=True)
class BulkEvent:
    """
    One thing that happened to mail for a recipient; `key` is the same if it is read again.

    An event of a `test` of the checks suppresses, and is not kept: nobody counts or hears of it.
    """

    key: str
    time: int  # seconds since 1970
    kind: EventKind
    recipient: str  # folded, or its digest
    reason: str
    status: str = ""
    mailing_list: str = ""
    test: bool = False


@dataclass(frozen=True)
class StoredEvent:
    """An event with its number in the store; `suppressed` says if it suppressed the recipient."""

    number: int
    suppressed: bool
    event: BulkEvent

    def line(self) -> str:
        """Return the event as one line of JSON."""
        fields = asdict(self.event)
        key, _ = fields.pop("key"), fields.pop("test")
        return json.dumps({"id": self.number, "key": key, "suppressed": self.suppressed, **fields})


@dataclass(frozen=True)
class Suppression:
    """A recipient that gets no bulk mail; `expires` is 0 for never."""

    recipient: str  # folded, or its digest
    kind: SuppressionKind
    reason: str
    since: int  # seconds since 1970
    expires: int = 0


@dataclass(frozen=True)
class SuppressionRules:
    """The rules by which events suppress a recipient: so many soft bounces in so many days."""

    soft_bounces: int = 5
    soft_days: int = 30
    soft_expiry_days: int = 90
