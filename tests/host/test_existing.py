"""The state of a host is kept by host, on every host's turn."""

from collections.abc import Iterator

import pytest
from pyinfra import host
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.host.model.request import ExistingRequest
from deploys.host.transport.facts import existing_state, remembered
from tests.host.found import bare


@pytest.fixture(name="run")
def _run() -> Iterator[State]:
    """A run with two hosts, of which pyinfra's stand-in `host` is now one and now the other."""
    state = State(Inventory((["@fake/mx1", "@fake/mx2"], {})), Config())
    with ctx_state.use(state):
        yield state
    ctx_state.reset()
    ctx_host.reset()


def test_the_latest_answer_is_found_on_another_hosts_turn_too(run: State) -> None:
    mx1, mx2 = run.inventory
    latest = bare("13")
    with ctx_host.use(mx1):
        remembered(host, bare("12"))
    with ctx_host.use(mx2):
        remembered(mx1, bare("12"))
    with ctx_host.use(mx1):
        remembered(host, latest)

    with ctx_host.use(mx2):
        assert existing_state(mx1, ExistingRequest(()), 1) is latest
    with ctx_host.use(mx1):
        assert existing_state(host, ExistingRequest(()), 1) is latest
