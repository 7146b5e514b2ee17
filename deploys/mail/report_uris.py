"""
URIs in the lists of receivers of reports: `rua` and `ruf` of DMARC, `rua` of TLS-RPT.

A list has commas between its URIs (RFC 9989 section 4.8, RFC 8460 section 3), so that commas,
semicolons and exclamation marks inside of a URI are percent-encoded. A part of a list that is not
a URI is read by no sender of reports.
"""

import re
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

from .names import domain_name, is_local_part

# RFC 3986 section 2, without the three characters that a list does not allow.
_CHARACTER = r"(?:[A-Za-z0-9\-._~:/?#\[\]@$&'()*+=]|%[0-9A-Fa-f]{2})"
_URI = re.compile(rf"([A-Za-z][A-Za-z0-9+.-]*):({_CHARACTER}+)")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"')  # RFC 5321 section 4.1.2
# RFC 9989 section 4.8: obsolete, and ignored.
_SIZE = re.compile(r"![0-9]+[kmgt]?\Z", re.IGNORECASE)


def mailto(address: str) -> str:
    """Return a mail address as a URI (RFC 6068), with `,`, `!` and `;` escaped."""
    return f"mailto:{quote(address, safe='@+')}"


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a list; none of an empty text."""
    return tuple(part.strip(" \t") for part in text.split(",")) if text.strip(" \t") else ()


def without_size(uri: str) -> str:
    """Return a URI without the limit of size that DMARC had (RFC 7489 section 6.2)."""
    return _SIZE.sub("", uri)


def is_uri(text: str) -> bool:
    """Tell a URI that can stand in a list (RFC 3986)."""
    return bool(_URI.fullmatch(text))


def mail_domain(uri: str) -> str:
    """Return the domain of the one mail address in a URI, or an empty text (RFC 6068)."""
    found = _URI.fullmatch(uri)
    if found and found[1].lower() == "mailto":
        local, _, domain = unquote(found[2].partition("?")[0]).rpartition("@")
        if is_local_part(local) or _QUOTED.fullmatch(local):
            with suppress(ValueError):
                return domain_name(domain)
    return ""


def mail_address(uri: str) -> str:
    """Return the one mail address in a URI, in lower case, or an empty text (RFC 6068)."""
    if domain := mail_domain(uri):
        local = unquote(uri.partition(":")[2].partition("?")[0]).rpartition("@")[0]
        return f"{local.lower()}@{domain}"
    return ""


def web_host(uri: str) -> str:
    """Return the host in an https URI, or an empty text."""
    found = _URI.fullmatch(uri)
    if found and found[1].lower() == "https":
        with suppress(ValueError):
            return urlsplit(uri).hostname or ""
    return ""
