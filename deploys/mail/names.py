"""Domain names (RFC 1035, RFC 1123, IDNA 2008) and mail addresses (RFC 5321)."""

import re
from functools import lru_cache
from ipaddress import ip_address

import dns.exception
import dns.name

LONGEST = 253  # octets of a name as text (RFC 1035 section 2.3.4)
LONGEST_LABEL = 63  # octets (RFC 1035 section 2.3.4)
KNOWN_NAMES = 4096  # thousands of addresses have few domains
LONGEST_LOCAL = 64  # octets of a local part (RFC 5321 section 4.5.3.1.1)
# A Dot-string (RFC 5321 section 4.1.2), which no table needs to quote.
_ATOM = r"[A-Za-z0-9!#%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")


def nobody(domain: str) -> str:
    """Return an address at a domain that no mailbox, alias or directory has."""
    return f"nobody-{'x' * 12}@{domain}"


def domain_name(value: object) -> str:
    """Return a domain name in its DNS form: lower case, A-labels, no trailing dot."""
    if is_address(str(value)):
        raise ValueError(f"{value!r} is an IP address; write a name like 'mx1.example.org'")
    text = _in_dns_form(str(value))
    labels = text.split(".")
    if len(labels) > 1 and all(is_label(label) for label in labels):
        if labels[-1].isdecimal():  # RFC 3696 section 2
            raise ValueError(f"{value!r} ends with a number; write a name like 'mx1.example.org'")
        return text
    raise ValueError(f"{value!r} is not a domain name; write one like 'example.org'")


@lru_cache(KNOWN_NAMES)
def _in_dns_form(text: str) -> str:
    """Return a name as the DNS has it; "" for a text that is none."""
    try:
        name = dns.name.from_text(text, idna_codec=dns.name.IDNA_2008_UTS_46)
    except (dns.exception.DNSException, UnicodeError):
        return ""
    return name.to_text(omit_final_dot=True).lower()


@lru_cache(KNOWN_NAMES)
def is_address(text: str) -> bool:
    """Tell an IP address, also as a mail address or a URL has it (RFC 5321 section 4.1.3)."""
    inner = re.sub(r"^(?:IPv6:)", "", text.strip().strip("[]"), flags=re.IGNORECASE)
    try:
        ip_address(inner)
    except ValueError:
        return False
    return True


def mail_address(value: object) -> str:
    """Return a mail address with its domain in DNS form; a `mailto:` before it is removed."""
    text = re.sub(r"^mailto:", "", str(value), flags=re.IGNORECASE)
    local, at, domain = text.rpartition("@")
    if not at or not is_local_part(local):
        raise ValueError(f"{value!r} is not a mail address; write one like 'anna@example.org'")
    return f"{local}@{domain_name(domain)}"


def is_local_part(text: str) -> bool:
    """Tell a local part that needs no quotation marks."""
    return len(text) <= LONGEST_LOCAL and bool(_LOCAL_PART.fullmatch(text))


def is_label(text: str) -> bool:
    """Tell a label of a host name: letters, digits and inner hyphens (RFC 1123 section 2.1)."""
    letters = text.replace("-", "")
    return (
        len(text) <= LONGEST_LABEL
        and letters.isalnum()
        and letters.isascii()
        and "-" not in (text[0], text[-1])
    )
