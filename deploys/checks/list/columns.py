"""Columns of a list: the delimiter, the header, and the column that has the addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DELIMITERS = (";", "\t", ",")
_QUOTED = re.compile(r'"[^"]*"')
# Names of the column, without other characters than letters: the first that is there.
_NAMES = ("email", "emailaddress", "mail", "mailaddress", "recipient", "emailadresse")
_PARTS = ("mail", "address", "recipient")


@dataclass(frozen=True)
class Layout:
    """The delimiter of a CSV, "" for one address a line; its header, and the addresses' column."""

    delimiter: str
    header: bool
    address: int


def delimiter_of(line: str) -> str:
    """Return the delimiter of a CSV by its first line, "" for one address a line."""
    plain = _QUOTED.sub("", line.strip())
    return max(_DELIMITERS, key=plain.count) if any(map(plain.count, _DELIMITERS)) else ""


def layout(delimiter: str, head: Sequence[Sequence[str]]) -> Layout:
    """Return the layout of a list by its first two rows; raise ValueError without a column."""
    first = head[0] if head else ("",)
    if any("@" in cell for cell in first):
        return Layout(delimiter, header=False, address=_only(_with_at(first), first))
    if not delimiter:
        # A first address without an @ is a mistake in it, and no header.
        return Layout(delimiter, header=_letters(first[0]) in (*_NAMES, *_PARTS), address=0)
    named = _named(first)
    if not named and len(head) > 1:
        named = _with_at(head[1])
    return Layout(delimiter, header=True, address=_only(named, first))


def _named(header: Sequence[str]) -> list[int]:
    """Return the columns whose names are those of addresses, the clearest name first."""
    names = [_letters(cell) for cell in header]
    for name in _NAMES:
        if name in names:
            return [names.index(name)]
    for part in _PARTS:
        if found := [place for place, name in enumerate(names) if part in name]:
            return found
    return []


def _only(places: Sequence[int], first: Sequence[str]) -> int:
    if len(places) == 1:
        return places[0]
    if places:
        several = ", ".join(str(place + 1) for place in places)
        raise ValueError(
            f"has addresses in the columns {several}; write a header with the name 'email' for one"
        )
    cells = ", ".join(map(repr, first))
    raise ValueError(
        f"has no column of addresses, only {cells}; give the column of addresses the name 'email'"
    )


def _with_at(row: Sequence[str]) -> list[int]:
    return [place for place, cell in enumerate(row) if "@" in cell]


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))
