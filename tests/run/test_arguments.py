"""Global arguments of pyinfra, for a deploy that an operator calls."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyinfra
import pytest
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.api.util import get_operation_order_from_stack
from pyinfra.context import ctx_host, ctx_state
from pyinfra.operations import server

from deploys.run.arguments import deploy


@pytest.fixture
def run() -> Iterator[State]:
    state = State(Inventory((["@local"], {})), Config())
    state.init(state.inventory, state.config)
    with ctx_state.use(state), ctx_host.use(state.inventory.get_host("@local")):
        yield state


@deploy
def written() -> None:
    server.shell(name="Write: a file", commands=["true"])


def sudo_of(run: State) -> list[tuple[set[str], bool]]:
    (ops,) = run.ops.values()
    return [(run.op_meta[one].names, ops[one].global_arguments["_sudo"]) for one in ops]


def test_the_operations_of_a_deploy_keep_their_names(run: State) -> None:
    written()

    assert sudo_of(run) == [({"Write: a file"}, False)]


def test_a_global_argument_holds_for_every_operation_of_a_deploy(run: State) -> None:
    written(_sudo=True)

    assert sudo_of(run) == [({"Write: a file"}, True)]


def test_operations_of_an_installed_package_are_ordered_by_its_lines(run: State) -> None:
    written()
    beside = Path(pyinfra.__file__).parent.with_name("pyinfra_mail") / "site.py"
    code = compile("\n\nlines = order(state)", beside, "exec")
    found: dict[str, Any] = {"order": get_operation_order_from_stack, "state": run}
    exec(code, found)  # noqa: S102 - its lines are those of another file

    assert found["lines"][-1] == 3


@pytest.mark.usefixtures("run")
def test_an_argument_that_no_deploy_has_is_an_error() -> None:
    with pytest.raises(TypeError, match="sudo"):
        written(sudo=True)  # type: ignore[call-arg]
