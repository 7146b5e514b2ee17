"""
State of a run: one value of each kind per run of pyinfra, deleted with the run.

pyinfra cannot pass a value from one operation to a later one. A class is the kind:
`per_run(state, Run)` is the one `Run` of this run, made when it is first asked for, and a
`class Answers(dict[str, Answer])` holds an answer for each host.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pyinfra.api.state import State

Value = TypeVar("Value")

_values: WeakKeyDictionary[State, dict[Callable[[], Any], Any]] = WeakKeyDictionary()


def per_run(state: State, kind: Callable[[], Value]) -> Value:
    """Return the one value of a kind in a run; the first call makes it."""
    # `pyinfra.state` is a proxy of the current run and outlives every run; its inventory does not.
    values = _values.setdefault(state.inventory.state, {})
    if kind not in values:
        values[kind] = kind()
    value: Value = values[kind]
    return value
