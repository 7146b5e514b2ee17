"""
Addresses of recipients, as lists of bulk mail have them (RFC 5321, RFC 6531).

A list is written by people and programs, so its addresses may have any form. Those of roles are
read by several people, or by nobody (RFC 2142).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from .names import LONGEST_LOCAL, domain_name

LONGEST = 254  # octets: a path of 256 with its angle brackets (RFC 5321 section 4.5.3.1.3)
KNOWN_DOMAINS = 1 << 16  # a bound on the memory of a list whose every domain is another
# atext of RFC 5322, and UTF8-non-ascii of RFC 6531 section 3.3.
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-"
_DOT_STRING = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*")
_OTHER = re.compile(rf"[^{_ATEXT}.]")
_QUOTED_STRING = re.compile(r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])+"')
_ROLES_BY_STANDARD = (  # RFC 2142 sections 3 to 5
    *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster"),
    *("hostmaster", "usenet", "news", "webmaster", "www", "uucp", "ftp"),
)
ROLES = frozenset(
    (
        *_ROLES_BY_STANDARD,
        *("accounts", "admin", "administrator", "billing", "contact", "enquiries", "feedback"),
        *("hello", "help", "helpdesk", "hr", "inquiries", "jobs", "legal", "mail"),
        *("mailer-daemon", "no-reply", "nobody", "noreply", "office", "orders", "press"),
        *("privacy", "root", "service", "spam", "staff", "sysadmin", "team", "tech"),
    )
)
_REQUEST = "-request"  # of a mailing list (RFC 2142 section 6)


@dataclass(frozen=True, slots=True)
class RecipientAddress:
    """A valid address: its local part as written, its domain in DNS form or an address literal."""

    local: str
    domain: str

    @property
    def literal(self) -> bool:
        """Tell an address literal, which no DNS has (RFC 5321 section 4.1.3)."""
        return self.domain.startswith("[")

    @property
    def international(self) -> bool:
        """Tell an address that needs SMTPUTF8 at every server (RFC 6531)."""
        return not self.local.isascii()

    @property
    def folded(self) -> str:
        """Return the address for a comparison, without regard to case and quotation marks."""
        return f"{self._name}@{self.domain}"

    @property
    def without_tag(self) -> str:
        """Return the folded address without its subaddress (RFC 5233), the part from a plus on."""
        name = self._name
        return f"{name.partition('+')[0] or name}@{self.domain}"

    @property
    def role(self) -> bool:
        """Tell the address of a role, with or without a subaddress."""
        name = self._name.partition("+")[0]
        return name in ROLES or name.endswith(_REQUEST)

    @property
    def _name(self) -> str:
        local = self.local
        if local.startswith('"'):
            local = re.sub(r"\\(.)", r"\1", local[1:-1])
        if local.isascii():
            return local.lower()
        return unicodedata.normalize("NFC", local).casefold()


def recipient_address(text: str) -> RecipientAddress:
    """Return an address; raise ValueError with the fault of a text that is none."""
    local, at, domain = text.rpartition("@")
    if not at:
        raise ValueError("it has no @")
    if not _DOT_STRING.fullmatch(local) or not text.isprintable():
        _require_quoted(local, text)
    if len(local.encode()) > LONGEST_LOCAL:
        raise ValueError(f"its local part is longer than {LONGEST_LOCAL} octets")
    name = _domain(domain)
    if not name:
        raise ValueError(_domain_fault(domain))
    if len(local.encode()) + 1 + len(name) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} octets")
    return RecipientAddress(local, name)


def _require_quoted(local: str, text: str) -> None:
    """Raise ValueError unless a local part that is no Dot-string is a Quoted-string."""
    for one in text:
        if not one.isprintable():
            raise ValueError(f"it has the character U+{ord(one):04X}, which is not visible")
    if _QUOTED_STRING.fullmatch(local):
        return
    if not local:
        raise ValueError("it has no local part before the @")
    if text.endswith(">"):
        raise ValueError("it has angle brackets or a name; only the address belongs there")
    if other := _OTHER.search(local):
        raise ValueError(f"its local part has {other[0]!r} without quotation marks")
    raise ValueError("its local part has a dot at an end, or two dots together")


@lru_cache(KNOWN_DOMAINS)
def _domain(text: str) -> str:
    """Return a domain in its DNS form, or an address literal; "" for other texts."""
    if text.startswith("["):
        return _literal(text)
    try:
        return "" if text.endswith(".") else domain_name(text)
    except ValueError:
        return ""


def _literal(text: str) -> str:
    inner = text[1:-1].lower() if text.endswith("]") else ""
    try:
        address = ip_address(inner.removeprefix("ipv6:"))
    except ValueError:
        return ""
    tagged = inner.startswith("ipv6:")
    return f"[{inner}]" if tagged == (address.version == 6) else ""  # noqa: PLR2004


def _domain_fault(text: str) -> str:
    if not text:
        return "it has no domain after the @"
    if text.startswith("["):
        return f"its address literal {text} is not valid"
    if "." not in text:
        return f"its domain {text} has one label only"
    return f"its domain {text} is not a domain name"
