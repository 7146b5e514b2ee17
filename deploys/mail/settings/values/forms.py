"""Forms of values: numbers, sizes, lists, and texts of a pattern."""

import re
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator

from ..mistakes.sentences import as_list, shown

Value = TypeVar("Value")
UNITS = {"": 0, "k": 10, "m": 20, "g": 30}  # powers of 2


@dataclass(frozen=True)
class Words:
    """Name of a type in the documents, in the singular."""

    text: str


def _whole(value: object) -> object:
    """Return a whole number; True, False and fractions are none."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d+\s*", value):
        return int(value)
    if isinstance(value, bool | float | str):
        raise ValueError(f"{shown(value)} is not a whole number; write one in digits")  # noqa: TRY004
    return value


def _size(value: object) -> object:
    """Return octets also from a text such as "25M", in units of 1024."""
    found = re.fullmatch(r"\s*(\d+)\s*([kmg]?)(i?b)?\s*", str(value), flags=re.IGNORECASE)
    if not found or isinstance(value, bool):
        raise ValueError(f"{shown(value)} is not a size; write octets, or a text like '25M'")
    return int(found[1]) << UNITS[found[2].lower()]


def several(value: object) -> object:
    """Return a list also from one text."""
    return [value] if isinstance(value, str) else value


def _list(value: object) -> object:
    """Return a list; a set has no order, and would change with each run."""
    if not isinstance(value, list | tuple):
        raise ValueError(as_list(value))  # noqa: TRY004 - pydantic hides a TypeError
    return value


def _distinct(values: tuple[Value, ...]) -> tuple[Value, ...]:
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"{value} is in the list twice; remove one")
    return values


def form(pattern: str, noun: str, example: str) -> BeforeValidator:
    """Return the validator of a text of a certain form."""

    def formed(value: object) -> object:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise ValueError(f"{shown(value)} is not {noun}; write {example}")

    return BeforeValidator(formed)


Whole = Annotated[int, BeforeValidator(_whole)]
Size = Annotated[int, BeforeValidator(_size), Words('octets, or a text like "25M"')]
distinct = AfterValidator(_distinct)
Many = Annotated[tuple[Value, ...], BeforeValidator(_list), distinct]
