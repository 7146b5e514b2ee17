"""Domain names (RFC 1035, RFC 1123, IDNA 2008)."""

import dns.exception
import dns.name

LONGEST = 253  # octets of a name as text (RFC 1035 section 2.3.4)


def domain_name(value: object) -> str:
    """Return a domain name in its DNS form: lower case, A-labels, no trailing dot."""
    try:
        name = dns.name.from_text(str(value), idna_codec=dns.name.IDNA_2008_UTS_46)
        text = name.to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, UnicodeError):
        text = ""
    labels = text.split(".")
    if len(labels) > 1 and all(is_label(label) for label in labels):
        return text
    raise ValueError(f"{value!r} is not a domain name; write one like 'example.org'")


def is_label(text: str) -> bool:
    """Tell a label of a host name: letters, digits and inner hyphens (RFC 1123 section 2.1)."""
    letters = text.replace("-", "")
    return letters.isalnum() and letters.isascii() and "-" not in (text[0], text[-1])
