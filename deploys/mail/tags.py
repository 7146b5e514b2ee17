"""
Lists of tags, the language of several policies: `v=DMARC1; p=none` (RFC 6376 section 3.2).

The first tag is the version, by which a policy is told from the other TXT records of its name.
"""

from collections.abc import Mapping
from urllib.parse import quote

from dkim.util import InvalidTagValueList, parse_tag_value

from .errors import MailError


def is_version(text: str, version: str) -> bool:
    """Tell whether a text is a list of tags of this version."""
    name, _, value = text.partition(";")[0].partition("=")
    return (name.strip(), value.strip()) == ("v", version)


def tags(text: str, title: str, version: str) -> dict[str, str]:
    """Read a list of tags; raise MailError with the tag that no receiver would understand."""
    if not is_version(text, version):
        raise MailError(f"{text!r} is not a {title}: one begins with 'v={version};'")
    try:
        found = parse_tag_value(text.encode())
    except InvalidTagValueList as error:
        part = error.args[0].decode().strip()
        raise MailError(
            f"the {title} {text!r} is broken at {part!r}: write name=value, each name once"
        ) from None
    return {name.decode(): value.decode() for name, value in found.items()}


def mailto(address: str) -> str:
    """Return a mail address as a URI (RFC 6068), with `,`, `!` and `;` escaped."""
    return f"mailto:{quote(address, safe='@+')}"


def written(found: Mapping[str, str]) -> str:
    """Return a list of tags as text."""
    return "; ".join(f"{name}={value}" for name, value in found.items())
