"""State of a run: one value of each kind per run of pyinfra."""

import gc
import weakref

import pyinfra
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_state

from deploys.run.state import per_run


class Seen(set[str]):
    """Values of one kind."""


def a_run() -> State:
    return State(Inventory((["@local"], {})), Config())


def test_a_run_has_one_value_of_a_kind() -> None:
    run = a_run()

    per_run(run, Seen).add("mx1")

    assert per_run(run, Seen) == {"mx1"}
    assert per_run(run, set) == set()


def test_each_run_has_its_own_values() -> None:
    first, second = a_run(), a_run()

    per_run(first, Seen).add("mx1")

    assert per_run(second, Seen) == set()


def test_the_stand_in_of_pyinfra_for_the_current_run_has_the_values_of_that_run() -> None:
    first, second = a_run(), a_run()

    with ctx_state.use(first):
        per_run(pyinfra.state, Seen).add("mx1")

    assert per_run(first, Seen) == {"mx1"}
    with ctx_state.use(second):
        assert per_run(pyinfra.state, Seen) == set()


def test_the_values_go_with_the_run() -> None:
    run = a_run()
    value = weakref.ref(per_run(run, Seen))

    del run
    gc.collect()

    assert value() is None
