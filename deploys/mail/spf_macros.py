"""Macros of SPF policies (RFC 7208 section 7), in texts whose grammar is checked already."""

import re
from collections.abc import Callable
from urllib.parse import quote

from .names import LONGEST

Value = Callable[[str], str | None]
"""The value of a macro by its key, such as `d`; None if it depends on a sender who is not known."""

_MACRO = re.compile(
    r"%(?:(?P<plain>[%_-])|\{(?P<key>[A-Za-z])(?P<parts>[0-9]*)(?P<reverse>[Rr]?)"
    r"(?P<delimiters>[.+,/_=-]*)\})"
)
_PLAIN = {"%": "%", "_": " ", "-": "%20"}


def expanded(text: str, value: Value) -> str | None:
    """Return the name that a domain of a term stands for; None if it depends on the sender."""
    unknown = False

    def replacement(macro: re.Match[str]) -> str:
        nonlocal unknown
        known = _PLAIN.get(macro["plain"]) or _transformed(macro, value)
        unknown = unknown or known is None
        return known or ""

    name = _MACRO.sub(replacement, text).removesuffix(".")
    return None if unknown else _shortened(name)


def _transformed(macro: re.Match[str], value: Value) -> str | None:
    found = value(macro["key"].lower())
    if found is None:
        return None
    parts = re.split(f"[{re.escape(macro['delimiters'] or '.')}]", found)
    if macro["reverse"]:
        parts.reverse()
    if count := macro["parts"].lstrip("0"):
        parts = parts[-int(count[:4]) :]
    text = ".".join(parts)
    return quote(text, safe="~") if macro["key"].isupper() else text


def _shortened(name: str) -> str:
    """Remove labels from the left until a name is short enough (section 7.3)."""
    while len(name) > LONGEST and "." in name:
        name = name.partition(".")[2]
    return name
