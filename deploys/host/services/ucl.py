"""
UCL, rspamd's configuration language, as far as it is needed here: names, and values as in JSON.

A file is ours with the operator's own settings merged into it: of a name that both have, objects
are joined and everything else is the operator's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_AMOUNT = re.compile(r'"(\d+(?:\.\d+)?(?:ms|s|min|h|d|w|y|[kmg]b?))"(?!:)')


class Settings:
    """The settings of one file, while its template is written."""

    def __init__(self, own: Mapping[str, Any], where: str) -> None:
        self._own = own
        self._where = where
        self._written: set[str] = set()

    def __call__(self, name: str, value: Any) -> str:  # noqa: ANN401 - UCL holds anything
        """Return a setting of ours, or what the operator has made of it."""
        self._written.add(name)
        if name not in self._own:
            return setting(name, value)
        return f"# {self._where}:\n{setting(name, joined(value, self._own[name]))}"

    def rest(self) -> Iterator[str]:
        """Yield the operator's settings of which there is none of ours."""
        yield from (
            setting(name, self._own[name]) for name in self._own if name not in self._written
        )


def joined(ours: Any, own: Any) -> Any:  # noqa: ANN401 - UCL holds anything
    """Return two values as one: objects name by name, of anything else the operator's."""
    if not (isinstance(ours, Mapping) and isinstance(own, Mapping)):
        return own
    both = {name: joined(ours[name], own[name]) for name in ours.keys() & own.keys()}
    return {**ours, **own, **both}


def setting(name: str, value: Any) -> str:  # noqa: ANN401 - UCL holds anything
    """Return one setting as it is written into a file; a time or a size stands without quotes."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=dict)
    return f"{name} = {_AMOUNT.sub(lambda amount: amount[1], text)};"
