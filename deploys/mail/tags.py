"""
Tag lists, the syntax of DKIM, DMARC, TLS-RPT and BIMI records (RFC 6376 section 3.2).

A list is `v=DMARC1; p=none`; the version `v` tells a record from other TXT records of its name.
"""

from collections.abc import Mapping
from urllib.parse import quote

from dkim.util import InvalidTagValueList, parse_tag_value

from .errors import MailError


def is_version(text: str, version: str) -> bool:
    """Tell whether a text is a tag list of this version."""
    name, _, value = text.partition(";")[0].partition("=")
    return (name.strip(), value.strip()) == ("v", version)


def tags(text: str, title: str, version: str) -> dict[str, str]:
    """Return the tags of a text by name; raise MailError with the part that is not valid."""
    if not is_version(text, version):
        raise MailError(f"{text!r} is not a {title}: one begins with 'v={version};'")
    try:
        found = parse_tag_value(text.encode())
    except InvalidTagValueList as error:
        part = error.args[0].decode().strip()
        raise MailError(
            f"the {title} {text!r} is not valid at {part!r}: write name=value, each name once"
        ) from None
    return {name.decode(): value.decode() for name, value in found.items()}


def mailto(address: str) -> str:
    """Return a mail address as a URI (RFC 6068), with `,`, `!` and `;` escaped."""
    return f"mailto:{quote(address, safe='@+')}"


def written(found: Mapping[str, str]) -> str:
    """Return a tag list as text."""
    return "; ".join(f"{name}={value}" for name, value in found.items())
