"""Types of aliases: names of recipients, and targets, each with its sentence."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from ...names import domain_name, is_local_part, mail_address
from ..mistakes.sentences import shown
from .forms import Words, distinct, several

USER = re.compile(r"[a-z_][a-z0-9_.-]*")
PATTERN = re.compile(r"[*?^$]|^/")
RIGHT = "write a user of the host like 'root', or an address like 'anna@example.org'"


def _name(value: object) -> str:
    text = str(value).lower()
    local, at, domain = text.rpartition("@")
    if PATTERN.search(text):
        raise ValueError(
            f"{shown(value)} stands for many addresses; name each recipient, or write a catch-all "
            f"like '@{_domain(domain) or 'example.org'}'"
        )
    if re.search("[%!]", local or domain):
        raise ValueError(
            f"{shown(value)} names a way through another server; name each recipient without "
            "'%' and '!'"
        )
    if at and not local and _domain(domain):
        return f"@{_domain(domain)}"
    if not at and isinstance(value, str) and is_local_part(text):
        return text
    if at and domain and is_local_part(local):
        return mail_address(text)
    raise ValueError(
        f"{shown(value)} is not a recipient; write one like 'info' or 'info@example.org'"
    )


def _domain(text: str) -> str:
    """Return a domain name in DNS form, or "" for another text."""
    try:
        return domain_name(text)
    except ValueError:
        return ""


def _target(value: object) -> str:
    text = str(value)
    if text.lstrip('"').startswith("|"):
        raise ValueError(f"{shown(value)} is a command; {RIGHT}")
    if text.startswith("/"):
        raise ValueError(f"{shown(value)} is a file; {RIGHT}")
    if text.lower().startswith(":include:"):
        raise ValueError(f"{shown(value)} is a list in a file; write its recipients as a list")
    if parts := [part for part in re.split(r"[,;\s]+", text) if part][1:]:
        names = ", ".join(f'"{part}"' for part in re.split(r"[,;\s]+", text) if part)
        raise ValueError(f"{shown(value)} has {len(parts) + 1} recipients; write a list: [{names}]")
    if "@" in text:
        if "." not in text.rpartition("@")[2]:
            raise ValueError(f"{shown(value)} has no domain; {RIGHT}")
        return mail_address(text)
    if USER.fullmatch(text.lower()) and isinstance(value, str):
        return text.lower()
    raise ValueError(f"{shown(value)} is not a target; {RIGHT}")


def _unlike(value: object) -> object:
    """Refuse two keys that stand for one recipient."""
    found: dict[str, object] = {}
    for key in value if isinstance(value, Mapping) else ():
        other = found.setdefault(str(key).lower(), key)
        if other is not key:
            raise ValueError(f"{shown(other)} and {shown(key)} are one recipient; keep one of them")
    return value


AliasTargets = Annotated[
    tuple[Annotated[str, BeforeValidator(_target)], ...],
    BeforeValidator(several),
    distinct,
    Field(min_length=1),
    Words("list of recipients"),
]
Aliases = Annotated[
    Mapping[Annotated[str, BeforeValidator(_name), Words("recipient")], AliasTargets],
    BeforeValidator(_unlike),
]
