"""
Sentences for the values that pydantic refuses: the key, the value, and what to write.

A validator of ours has its own sentence. Every other refusal is of one of the kinds below.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from reprlib import Repr
from typing import Any

from pydantic import ValidationError

# A value under these keys may be a secret.
MASKED = (
    *("mail_accounts", "mail_acme_dns", "mail_bulk", "mail_directory", "mail_dns"),
    *("mail_mailboxes", "mail_relay", "mail_relay_password"),
    *("verify_mailboxes", "verify_notify"),
)
MISSING = "is missing; it has no default, so write it"
HIDDEN = "the value (masked here)"
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 80

# The type that a value does not have, and what to write.
_TYPES: Mapping[str, tuple[str, str]] = {
    "string": ("a text", "a text in quotation marks"),
    "bool": ("True or False", "True or False"),
    "int": ("a whole number", "one in digits"),
    "float": ("a number", "one in digits"),
    "finite": ("a finite number", "one in digits"),
    "dict": ("a dictionary", 'a dictionary like {"key": "value"}'),
    "mapping": ("a dictionary", 'a dictionary like {"key": "value"}'),
    "model": ("a dictionary", 'a dictionary like {"key": "value"}'),
    "date": ("a date", "one like '2027-01-31'"),
}
# The limit that a value misses.
_LIMITS: Mapping[str, str] = {
    "greater_than": "{value} is too small; write more than {gt}",
    "greater_than_equal": "{value} is too small; write at least {ge}",
    "less_than": "{value} is too large; write less than {lt}",
    "less_than_equal": "{value} is too large; write at most {le}",
    "string_too_short": "the text is empty; write one",
    "too_short": "the list is empty; write at least one",
}


def sentences(prefix: str, error: ValidationError) -> Iterator[str]:
    """Yield a sentence for each mistake in a group of settings; `prefix` begins their keys."""
    found = error.errors()
    details = [one for one in found if not _follows(one, found)]
    missing = {detail["loc"] for detail in details if detail["type"] == "missing"}
    meant = {
        detail["loc"]: _near(detail["loc"], missing)
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    for detail in details:
        near = meant.get(detail["loc"])
        if near:
            yield f"{prefix}{_path(detail['loc'])} is not a key; did you mean {near[-1]}?"
        elif detail["loc"] not in meant.values():
            yield _sentence(prefix, detail)


def _follows(detail: Any, details: Iterable[Any]) -> bool:  # noqa: ANN401
    """Tell that a list is too short because its values are refused, each in its own sentence."""
    location = detail["loc"]
    return detail["type"] == "too_short" and any(
        one["loc"][: len(location)] == location for one in details if one is not detail
    )


def _near(wrong: tuple[int | str, ...], missing: Iterable[tuple[int | str, ...]]) -> Any:  # noqa: ANN401
    """Return the missing key beside an unknown one that it resembles, with its path."""
    beside = {str(one[-1]): one for one in missing if one[:-1] == wrong[:-1]}
    near = get_close_matches(str(wrong[-1]), beside, n=1)
    return beside[near[0]] if near else None


def _path(location: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in location if part != "[key]")


def _sentence(prefix: str, detail: Any) -> str:  # noqa: ANN401 - ErrorDetails is not exported
    path = _path(detail["loc"])
    where = f"{prefix}{path}"
    if detail["type"] == "missing":
        return f"{where} {MISSING}"
    if detail["type"] == "value_error":
        return f"{where}: {detail['ctx']['error']}"
    masked = f"{prefix}{detail['loc'][0]}" in MASKED
    if detail["type"] == "extra_forbidden":
        return f"{where} is not a key; remove it, or see docs/settings.md"
    value = HIDDEN if masked else shown(detail["input"])
    return f"{where}: {_refusal(detail, value, masked=masked)}"


def shown(value: object) -> str:
    """Return a value as it is written, shortened if it is long."""
    return _SHORT.repr(value)


def as_list(value: object) -> str:
    """Return the sentence for a single value where a list belongs."""
    if isinstance(value, str):
        parts = [part for part in re.split(r"[,;\s]+", value) if part]
        written = ", ".join(f'"{part}"' for part in parts)
        return f"{shown(value)} is a text; write a list: [{written}]"
    return f"{shown(value)} is not a list; write one in square brackets"


def _refusal(detail: Mapping[str, Any], value: str, *, masked: bool) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _LIMITS:
        return _LIMITS[kind].format(value=value, **context)
    if kind == "literal_error":
        return f"{value} is not allowed; write {context['expected']}"
    if kind == "tuple_type":
        return f"{value} is not a list; write a list" if masked else as_list(detail["input"])
    type_ = _TYPES.get(kind.partition("_")[0])
    if type_:
        return f"{value} is not {type_[0]}; write {type_[1]}"
    return f"{value} is not valid; write a value as in docs/settings.md"
