"""Steps of SMTP dialogues (RFC 5321), the addresses that they use, and what is not asked."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import TypeVar

from ...mail.names import nobody
from ...mail.settings.consequences.acceptance import PREFLIGHT
from ...mail.settings.model import HostSettings, MailSettings
from ..model.desired import Arrival, Command, Dialogue, Step

Asked = TypeVar("Asked", Arrival, Command, Dialogue)
ELSEWHERE = "recipient@elsewhere.invalid"
# A recipient of others that is not refused for its domain, which no DNS has in a preflight.
AT_ADDRESS = "recipient@[203.0.113.99]"


def accepts(settings: HostSettings, *beginnings: str) -> bool:
    """Tell whether the operator accepts a consequence, by the beginning of its words."""
    return any(words.startswith(beginnings) for words in settings.accept)


def unaccepted(settings: HostSettings, found: Iterable[Asked]) -> tuple[Asked, ...]:
    """Return the parts of a preflight whose failure the operator does not accept."""
    return tuple(one for one in found if f"{PREFLIGHT}{one.name}" not in settings.accept)


def is_address(word: str) -> bool:
    """Tell whether a word of a parameter is an address."""
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def hello(name: str = "") -> Step:
    """Return a greeting, with a name of its own or with that of every dialogue."""
    return Step(f"EHLO {name}".strip(), "^250")


def mail_from(address: str, expect: str = "^250") -> Step:
    """Return a step with an envelope sender."""
    return Step(f"MAIL FROM:<{address}>", expect)


def rcpt_to(address: str, expect: str) -> Step:
    """Return a step with an envelope recipient."""
    return Step(f"RCPT TO:<{address}>", expect)


def reset() -> Step:
    """Return a step that ends a transaction without a message."""
    return Step("RSET", "^250")


def starttls(settings: MailSettings) -> Step:
    """Return STARTTLS, with the certificate that clients must get."""
    return Step(certificate=certificate(settings), name=settings.hostname)


def certificate(settings: MailSettings) -> str:
    """Return the file of the certificate that clients get."""
    return settings.postfix_value("smtpd_tls_chain_files").split(",")[0].strip()


def domain(settings: MailSettings) -> str:
    """Return a domain whose mail is delivered here; the host's own name if there is none."""
    return next(iter(settings.kept_domains), settings.hostname)


def postmaster(settings: MailSettings) -> str:
    """Return an address that the host must accept mail for."""
    return f"postmaster@{domain(settings)}"


def mailbox(settings: MailSettings) -> str:
    """Return the mailbox that is asked for: one without rules, which could move its messages."""
    boxes = settings.mailboxes
    return min(boxes, key=lambda one: (bool(boxes[one].sieve), one))


def unknown(settings: MailSettings) -> str:
    """Return an address that the host must refuse, and that no directory is asked for."""
    refusing = (settings.hostname,) if settings.directory else settings.recipients.refusing_domains
    return nobody(refusing[0])
