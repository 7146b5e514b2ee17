"""Reports in one message: those of its attachments, about domains of ours."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from ...mail.report_store import DomainReport
from .aggregate import dmarc_report
from .archive import Unreadable, unpacked
from .authentication import VerifiedSender, sender
from .configuration import ReaderConfiguration
from .tls_report import tls_reports

LARGEST_MESSAGE = 32 * 2**20  # octets
_MOST_PARTS, _MOST_REPORTS = 50, 10
_NAMES = (".xml", ".gz", ".zip", ".json", ".gzip")
_TYPES = ("zip", "gzip", "xml", "json", "tlsrpt")


class InvalidReport(Unreadable):
    """A report of a verified sender that cannot be read."""


def reports(
    content: bytes, configuration: ReaderConfiguration, now: float
) -> tuple[DomainReport, ...]:
    """Return the reports in a message; raise Unreadable, or InvalidReport."""
    message = message_from_bytes(content, policy=policy.default)
    attachments = list(_attachments(message))
    if not attachments:
        raise Unreadable("it has no attachment that can be a report")
    verified = sender(message, configuration)
    try:
        found = [
            one
            for part in attachments
            for one in _of_attachment(part, verified, configuration, now)
        ]
    except Unreadable as problem:
        raise InvalidReport(f"of {verified.domain}: {problem}") from problem
    return tuple(found)


def _attachments(message: EmailMessage) -> Iterator[bytes]:
    """Yield the content of each part that can be a report."""
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            raise Unreadable(f"it has more than {_MOST_PARTS} parts")
        name = (part.get_filename() or "").lower()
        kind = part.get_content_type()
        if part.is_multipart() or not (name.endswith(_NAMES) or any(t in kind for t in _TYPES)):
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload.strip():
            yield payload


def _of_attachment(
    content: bytes, verified: VerifiedSender, configuration: ReaderConfiguration, now: float
) -> tuple[DomainReport, ...]:
    document = unpacked(content)
    if document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        if "dkim" not in verified.methods:  # RFC 8460 section 3
            raise Unreadable("a TLS report needs a DKIM signature of its sender")
        found = tls_reports(document.removeprefix(b"\xef\xbb\xbf"), verified.domain, now)
    else:
        found = (dmarc_report(document, verified.domain, now),)
    foreign = [one.domain for one in found if not configuration.covers(one.domain)]
    if foreign:
        raise Unreadable(f"the report is about {foreign[0][:100]}, which is no domain of ours")
    return found
