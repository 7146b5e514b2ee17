"""Own settings of Unbound: clauses of unbound.conf(5), each with options and their values."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from ..mistakes.sentences import shown
from .forms import Words, form

CLAUSE = r"[a-z][a-z0-9-]*"


def _blocks(value: object) -> object:
    """Return a list of blocks also from one dictionary: only zones come more than once."""
    return [value] if isinstance(value, Mapping) else value


def _values(value: object) -> object:
    """Return every value of an option as Unbound writes it; a list stands for several lines."""
    return [_text(one) for one in (value if isinstance(value, list | tuple) else [value])]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str | int | float):
        raise ValueError(  # noqa: TRY004 - pydantic hides a TypeError
            f"{shown(value)} is not a value of Unbound; write a text, a number, True or False"
        )
    if not str(value).strip() or len(str(value).splitlines()) > 1:
        raise ValueError(f"{shown(value)} is not one line; write a value in one line")
    return str(value)


Option = Annotated[
    str, form(CLAUSE, "an option of Unbound", "one like 'num-threads'"), Words("option")
]
Block = Mapping[Option, Annotated[tuple[str, ...], BeforeValidator(_values), Words("value")]]
Clauses = Annotated[
    Mapping[
        Annotated[str, form(CLAUSE, "a clause of unbound.conf", "one like 'server'")],
        Annotated[tuple[Block, ...], BeforeValidator(_blocks)],
    ],
    Words("dictionary of dictionaries"),
]
