"""Domain names (RFC 1035, RFC 1123, IDNA 2008) and mail addresses (RFC 5321)."""

import re

import dns.exception
import dns.name

LONGEST = 253  # octets of a name as text (RFC 1035 section 2.3.4)
LONGEST_LOCAL = 64  # octets of a local part (RFC 5321 section 4.5.3.1.1)
# A Dot-string (RFC 5321 section 4.1.2), which no table needs to quote.
_ATOM = r"[A-Za-z0-9!#%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")


def domain_name(value: object) -> str:
    """Return a domain name in its DNS form: lower case, A-labels, no trailing dot."""
    try:
        name = dns.name.from_text(str(value), idna_codec=dns.name.IDNA_2008_UTS_46)
        text = name.to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, UnicodeError):
        text = ""
    labels = text.split(".")
    if len(labels) > 1 and all(is_label(label) for label in labels):
        if labels[-1].isdecimal():  # RFC 3696 section 2
            raise ValueError(f"{value!r} is an IP address; write a name like 'mx1.example.org'")
        return text
    raise ValueError(f"{value!r} is not a domain name; write one like 'example.org'")


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
    return letters.isalnum() and letters.isascii() and "-" not in (text[0], text[-1])
