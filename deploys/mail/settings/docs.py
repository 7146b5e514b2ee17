"""
Table of all settings in docs/settings.md, from the code: `python -m deploys.mail.settings.docs`.

A test compares the file with the result.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .. import documents
from . import groups
from .inventory import NO_KEYS, PREFIX
from .model import MailSettings, NullClient, Witness
from .values.forms import Words
from .verification import PREFIX as VERIFY
from .verification import Verification

FIRST = "0.1"  # a later key has its release in json_schema_extra={"since": ...}
GROUPS: tuple[tuple[type[BaseModel], str], ...] = (
    (groups.Postfix, PREFIX),
    (groups.Receiving, PREFIX),
    (groups.Relaying, PREFIX),
    (groups.Submission, PREFIX),
    (groups.MailboxSettings, PREFIX),
    (groups.BulkMail, PREFIX),
    (groups.Certificates, PREFIX),
    (groups.WebSites, PREFIX),
    (groups.ResolverSettings, PREFIX),
    (groups.Dkim, PREFIX),
    (groups.Zones, PREFIX),
    (groups.Records, PREFIX),
    (groups.SentReports, PREFIX),
    (groups.RunSettings, PREFIX),
    (NullClient, PREFIX),
    (Witness, f"{PREFIX}witness_"),
    (Verification, VERIFY),
)
_HEAD = """# Settings

All keys of an inventory, made from the code by `python -m deploys.mail.settings.docs`.
An unknown key, a wrong type or a missing value stops a run before the first connection.
[inventories/example](../inventories/example) holds every key with its default.
*Since* is the release that has the key first.
"""
_COLUMNS = ("key", "type", "default", "example", "meaning", "since")
_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "True or False",
    Any: "any value",
}


def page() -> str:
    """Return the page in Markdown."""
    return "\n".join((_HEAD, *(_table(group, prefix) for group, prefix in GROUPS)))


def _table(group: type[BaseModel], prefix: str) -> str:
    heading = (group.__doc__ or "").strip().splitlines()[0].rstrip(".")
    rows = (_row(f"{prefix}{name}", field, kind) for name, field, kind in _fields(group))
    return f"## {heading}\n\n{documents.table(_COLUMNS, rows)}"


def _fields(group: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, Any]]:
    """Yield the keys that a group declares itself, with their annotated types."""
    hints = get_type_hints(group, include_extras=True)
    # The keys that null clients and mail hosts have stand at those of mail hosts.
    told = MailSettings.model_fields if group is NullClient else ()
    for name, field in group.model_fields.items():
        if name in group.__annotations__ and name not in (*NO_KEYS, *told):
            yield name, field, hints[name]


def _row(key: str, field: FieldInfo, kind: object) -> tuple[str, ...]:
    kind_words = ", ".join((words(kind), *_limits(field)))
    default = "required" if field.is_required() else f"`{_value(field.default)}`"
    extra = field.json_schema_extra
    since = str(extra["since"]) if isinstance(extra, dict) and "since" in extra else FIRST
    example = f"`{_example(field, kind)}`"
    cells = (f"`{key}`", kind_words, default, example, str(field.description), since)
    return tuple(cell.replace("|", "/") for cell in cells)


def _example(field: FieldInfo, kind: object) -> str:
    """Return the example of a field as Python; simple types need none of their own."""
    if field.examples:
        return str(field.examples[0])
    if get_origin(kind) is Literal:
        return f'"{next(one for one in reversed(get_args(kind)) if one != field.default)}"'
    if isinstance(field.default, bool):
        return repr(not field.default)
    return repr(field.default * 2)


def words(kind: Any) -> str:  # noqa: ANN401 - an annotation
    """Return a type in plain words."""
    origin, arguments = get_origin(kind), get_args(kind)
    named = [one.text for one in arguments[1:] if isinstance(one, Words)]
    if named:
        return named[-1]
    if origin is Literal:
        return " or ".join(f'"{one}"' for one in arguments)
    if origin in (dict, Mapping):
        key, value = map(words, arguments)
        return "dictionary" if arguments == (str, Any) else f"dictionary, {key}: {value}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"dictionary with {', '.join(_members(kind))}"
    return _made_of(origin, arguments) if origin else _WORDS[kind]


def _made_of(origin: object, arguments: tuple[Any, ...]) -> str:
    if origin in (Union, UnionType):
        return " or ".join("None" if one is NoneType else words(one) for one in arguments)
    return f"list of {_plural(words(arguments[0]))}" if origin is tuple else words(arguments[0])


def _members(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        named = field.alias or name
        yield named if field.is_required() else f"{named} (optional)"


def _plural(text: str) -> str:
    first, *rest = text.split(" ", 1) if text.startswith("dictionary") else (text,)
    ending = "ies" if first.endswith("y") else "es" if first.endswith("s") else "s"
    return " ".join((f"{first.removesuffix('y')}{ending}", *rest))


def _limits(field: FieldInfo) -> Iterator[str]:
    for limit in field.metadata:
        if isinstance(limit, Gt):
            yield f"more than {limit.gt}"
        if isinstance(limit, Ge):
            yield f"at least {limit.ge}"
        if isinstance(limit, Le):
            yield f"at most {limit.le}"


def _value(default: object) -> str:
    if default == ():
        return "[]"
    return f'"{default}"' if isinstance(default, str) else repr(default)


if __name__ == "__main__":
    Path("docs", "settings.md").write_text(page(), encoding="utf-8")
