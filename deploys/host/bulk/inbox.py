"""
Mail to the bounces domain: which of its addresses exist, and the event that a message is.

Three kinds of addresses exist: VERP addresses, `complaints@` for feedback reports, and
`unsubscribe@`. Nothing here keeps state, so that the same message is the same event again.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from ...mail.unsubscribe import LOCAL_PART, UnsubscribeError, UnsubscribeTokens, Unsubscription
from ...mail.verp import TokenError, Verp, VerpAddress, day_number, derived_key, folded
from .event import BulkEvent, EventKind
from .reports import feedback
from .reports.bounce import DeliveryFailure, failures, is_automatic, is_report
from .reports.classification import best_code, bounce_class
from .reports.parts import field, message_of, plain

COMPLAINTS = "complaints"  # the local part for feedback reports
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")


class Ignored(Exception):
    """A message that is no event; the text says why."""


@dataclass(frozen=True)
class Stream:
    """Addresses, tokens and digests of a stream of bulk mail, from its domain and secret."""

    domain: str
    secret: str
    digests: bool = False  # recipients are kept as keyed digests alone

    @property
    def verp(self) -> Verp:
        """Return the envelope senders of the stream."""
        return Verp(self.domain, derived_key(self.secret, "verp"))

    @property
    def tokens(self) -> UnsubscribeTokens:
        """Return the tokens for unsubscribing."""
        return UnsubscribeTokens(derived_key(self.secret, LOCAL_PART))

    def kept(self, recipient: str) -> str:
        """Return a recipient as the store keeps it."""
        address = folded(recipient)
        if not self.digests:
            return address
        key = derived_key(self.secret, "suppression")
        return hmac.digest(key, address.encode(), "sha256").hex()

    def is_test(self, recipient: str) -> bool:
        """Tell whether a recipient is one of a test: the bounces domain has no readers."""
        return folded(recipient).rpartition("@")[2] == self.domain

    def kept_reason(self, reason: str) -> str:
        """Return a reason as the store keeps it: with digests, without addresses."""
        return _ADDRESS.sub("(address)", reason) if self.digests else reason


def unsubscribe_reason(wanted: Unsubscription) -> str:
    """Return the reason of the suppression of a recipient who has unsubscribed."""
    return plain(f"unsubscribed from {wanted.mailing_list or 'all lists'}")


@dataclass(frozen=True)
class Inbox:
    """The addresses of a stream's bounces domain."""

    stream: Stream

    def refusal(self, recipient: str, now: int) -> str:
        """Return the reason why an address does not exist; "" if it does."""
        local, _, domain = recipient.lower().rpartition("@")
        if local in (COMPLAINTS, LOCAL_PART) and domain == self.stream.domain:
            return ""
        try:
            self.stream.verp.read(recipient, day_number(now))
        except TokenError as error:
            return str(error)
        return ""

    def event(self, raw: bytes, recipient: str, now: int) -> BulkEvent:
        """Return the event that a message to an address is; raise Ignored if it is none."""
        message, local = message_of(raw), recipient.partition("@")[0].lower()
        if local == LOCAL_PART:
            found = self._unsubscription(message)
        elif local == COMPLAINTS or feedback.complaint(message):
            found = self._complaint(message, now)
        else:
            found = self._bounce(message, recipient, now)
        identity = field(message, "Message-ID").encode() or raw
        digest = hashlib.sha256(b"\0".join((found.kind.encode(), recipient.encode(), identity)))
        return BulkEvent(
            key=digest.hexdigest(),
            time=now,
            kind=found.kind,
            recipient=self.stream.kept(found.recipient),
            reason=self.stream.kept_reason(found.reason),
            status=found.status,
            mailing_list=found.mailing_list,
            test=self.stream.is_test(found.recipient),
        )

    def _bounce(self, message: Message, recipient: str, now: int) -> "_Outcome":
        try:
            address = self.stream.verp.read(recipient, day_number(now))
        except TokenError as error:
            raise Ignored(str(error)) from error
        if is_automatic(message):
            raise Ignored("an automatic reply")
        found = failures(message)
        if not found:
            raise Ignored("no failure in a DSN" if is_report(message) else "neither DSN nor report")
        named, failure = _attributed(self.stream.verp, address, found)
        kind = bounce_class(failure.status, failure.reason)
        code = best_code(failure.status, failure.reason)
        return _Outcome(kind, named, failure.reason or f"status {code}", code)

    def _complaint(self, message: Message, now: int) -> "_Outcome":
        report = feedback.complaint(message)
        if report is None:
            raise Ignored("no feedback report")
        if not feedback.is_complaint(report.kind):
            raise Ignored(f"a feedback report of the kind {report.kind}")
        reason = f"feedback report: {report.kind}"
        for found in self._proven(report, now):
            return _Outcome("complaint", found.recipient, reason, mailing_list=found.mailing_list)
        raise Ignored("a feedback report without a valid token")

    def _proven(self, report: feedback.Complaint, now: int) -> Iterator[Unsubscription]:
        """Yield the recipients that a report names with tokens of this stream."""
        for token in feedback.tokens_in(report.links):
            try:
                yield self.stream.tokens.read(token)
            except UnsubscribeError:
                continue
        for sender in report.senders:
            try:
                address = self.stream.verp.read(sender, day_number(now))
            except TokenError:
                continue
            if address.recipient:
                yield Unsubscription(address.recipient, "")

    def _unsubscription(self, message: Message) -> "_Outcome":
        for token in _TOKEN.findall(field(message, "Subject")):
            try:
                wanted = self.stream.tokens.read(token)
            except UnsubscribeError:
                continue
            reason, name = unsubscribe_reason(wanted), wanted.mailing_list
            return _Outcome("unsubscribe", wanted.recipient, reason, mailing_list=name)
        raise Ignored("a request to unsubscribe without a valid token")


@dataclass(frozen=True)
class _Outcome:
    kind: EventKind
    recipient: str
    reason: str
    status: str = ""
    mailing_list: str = ""


def _attributed(
    verp: Verp, address: VerpAddress, found: list[DeliveryFailure]
) -> tuple[str, DeliveryFailure]:
    """Return the recipient of a VERP address, and the failure that is about it."""
    for failure in found:
        for form in failure.recipients:
            if address.recipient == folded(form) or address.digest == verp.digest(form):
                return folded(form), failure
    if not address.recipient:
        raise Ignored("a report about none of our recipients")
    return address.recipient, found[0]
