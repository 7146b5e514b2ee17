"""
Tag lists and field lists, the two syntaxes of policies in TXT records.

A tag list is `v=DMARC1; p=none`, with free spaces around names and values: DKIM, DMARC and BIMI
(RFC 6376 section 3.2). A field list is `v=STSv1; id=1`, without a space on either side of `=`:
MTA-STS and TLS-RPT (RFC 8461 section 3.1, RFC 8460 section 3). The version, which comes first,
tells a record from other TXT records of its name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .errors import MailError

SPACE = " \t"  # WSP (RFC 5234)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=(.*)", re.DOTALL)
_EXTENSION = re.compile(r"[!-:<>-~]+")  # no space, control character, "=" or ";"


@dataclass(frozen=True)
class TagList:
    """The tags of a text in their order, and the parts between semicolons that are no tags."""

    tags: tuple[tuple[str, str], ...]
    rest: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, space: str = SPACE) -> "TagList":
        """Return the tags of any text; spaces inside of a value stay."""
        found, rest = [], []
        for part in _parts(text, space):
            name, equals, value = (one.strip(space) for one in part.partition("="))
            if equals and _NAME.fullmatch(name):
                found.append((name, value))
            else:
                rest.append(part)
        return cls(tuple(found), tuple(rest))

    @property
    def repeated(self) -> str:
        """Return the first name that two tags have, or an empty text."""
        names = [name for name, _ in self.tags]
        return next((name for index, name in enumerate(names) if name in names[:index]), "")


def is_version(text: str, version: str, name: str = "v") -> bool:
    """Tell a tag list of this version; `name` is a pattern for the tag of the version."""
    return bool(re.match(rf"(?:{name})[ \t]*=[ \t]*{version}[ \t]*(?:;|\Z)", text))


def is_field_version(text: str, version: str) -> bool:
    """Tell a field list of this version, which receivers find by its first characters."""
    return bool(re.match(rf"v={version}[ \t]*(?:;|\Z)", text))


def is_misspelt(text: str, version: str) -> bool:
    """Tell a text that is meant to have this version, among those in which receivers find none."""
    pattern = rf"(?:^|;)[\s\"']*v\s*=[\s\"']*{version}(?![0-9A-Za-z])"
    return bool(re.search(pattern, text, re.IGNORECASE))


def tags(text: str, title: str, version: str) -> dict[str, str]:
    """Return the tags of a text by name; raise MailError with the part that is not valid."""
    if not is_version(text, version):
        raise MailError(f"{text!r} is not a {title}: one begins with 'v={version};'")
    found = TagList.parse(text)
    if found.rest or found.repeated:
        part = (*found.rest, found.repeated)[0]
        raise MailError(
            f"the {title} {text!r} is not valid at {part!r}: write name=value, each name once"
        )
    return dict(found.tags)


def fields(
    text: str, title: str, version: str, known: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Return the fields of a text after its version; raise MailError with the part not valid.

    The values of `known` fields have rules of their own; the others are extensions.
    """
    if not is_field_version(text, version):
        raise MailError(f"{text!r} is not a {title}: one begins with 'v={version};'")
    found = []
    for part in _parts(text, SPACE)[1:]:
        field = _FIELD.fullmatch(part)
        if not field or (field[1] not in known and not _EXTENSION.fullmatch(field[2])):
            raise MailError(
                f"the {title} {text!r} is not valid at {part!r}: write name=value without spaces, "
                "and one semicolon after each"
            )
        found.append((field[1], field[2]))
    return tuple(found)


def written(found: Mapping[str, str]) -> str:
    """Return a tag list as text."""
    return "; ".join(f"{name}={value}" for name, value in found.items())


def _parts(text: str, space: str) -> list[str]:
    """Return the parts between semicolons; a last semicolon ends the list."""
    parts = [part.strip(space) for part in text.split(";")]
    return parts[:-1] if len(parts) > 1 and not parts[-1] else parts
