"""
Facts: what findings saw, apart from the place where they saw it.

The same fact at several name servers, resolvers, addresses or messages is one fact with a list.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# A name server with its address, an address of a host, a resolver, the path of a message.
_ADDRESS = r"[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*[0-9A-Fa-f]"
PATH = r"(?:[^<>]+? -> )+?[^\s:,<>]+@(?:\[[^\]\s]*\]|[^\s:,<>]+)(?:, NOTIFY=\w+)?"
_PLACE = re.compile(
    rf"^(?P<place>\S+ \({_ADDRESS}\)|\S+ at {_ADDRESS}(?: port \d+)?|{_ADDRESS}(?=: )|{PATH}(?=: ))"
    r":? (?P<text>.+)$",
    re.DOTALL,
)
_MOST = 6


@dataclass(frozen=True)
class Fact:
    """A fact, and the places where it was seen; without a place, it says so itself."""

    text: str
    places: tuple[str, ...] = ()

    def __str__(self) -> str:
        if len(self.places) < 2:  # noqa: PLR2004 - one place, or none
            return self.text
        shown = ", ".join(self.places[:_MOST])
        more = len(self.places) - _MOST
        others = f" and {more} more" if more > 0 else ""
        return f"{self.text} ({len(self.places)} times: {shown}{others})"


def facts(seen: Iterable[str]) -> tuple[Fact, ...]:
    """Return the facts in the texts of findings, each once."""
    places: dict[str, list[str]] = {}
    whole: dict[str, str] = {}
    for one in dict.fromkeys(seen):
        match = _PLACE.match(one)
        text = match["text"] if match else one
        whole.setdefault(text, one)
        places.setdefault(text, []).extend([match["place"]] if match else [])
    return tuple(
        Fact(text if len(at) > 1 else whole[text], tuple(at)) for text, at in places.items()
    )
