"""
JSON on the wire between controller and agent, from and to frozen dataclasses.

Both sides share the classes. A field that is missing, unknown or of another type is an error, so
that a mistake never becomes an absent value. Only the standard library is imported.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

from .request import Request

Value = TypeVar("Value")


class WireError(ValueError):
    """JSON that does not fit its type; the text names the field."""


def payload(request: Request) -> str:
    """Return a request as two lines: the digest of its JSON, which reveals a cut, and the JSON."""
    text = encode({"verb": request.verb, "request": request})
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n"


def encode(value: object) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(value, default=vars)


def decode(kind: type[Value], value: object) -> Value:
    """Return what JSON holds as a value of a type; raise WireError."""
    decoded: Value = _decoded(kind, value, kind.__name__)
    return decoded


def _decoded(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - any type, and JSON
    if is_dataclass(kind):
        return _instance(kind, value, where)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (inner,) = (one for one in arguments if one is not type(None))
        return None if value is None else _decoded(inner, value, where)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_decoded(arguments[0], one, where) for one in value)
    if origin is Mapping and isinstance(value, Mapping):
        key, inner = arguments
        return {key(name): _decoded(inner, one, f"{where}[{name}]") for name, one in value.items()}
    if value in arguments if origin is Literal else _fits(kind, value):
        return value
    raise WireError(f"{where} has a value of the type {type(value).__name__}")


def _instance(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - as above
    if not isinstance(value, Mapping):
        raise WireError(f"{where} has a value of the type {type(value).__name__}")
    known = {field.name: field for field in fields(kind)}
    required = {
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING
    }
    if unknown := sorted(value.keys() - known.keys()):
        raise WireError(f"{where} has no field {unknown[0]}")
    if missing := sorted(required - value.keys()):
        raise WireError(f"{where} lacks the field {missing[0]}")
    return kind(
        **{name: _decoded(known[name].type, one, f"{where}.{name}") for name, one in value.items()}
    )


def _fits(kind: Any, value: Any) -> bool:  # noqa: ANN401 - as above
    # JSON writes a whole float as an integer; True is an integer to Python.
    return type(value) is kind or (kind is float and type(value) is int)
