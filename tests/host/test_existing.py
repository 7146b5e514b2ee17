"""State of a host: it is kept by host, on every host's turn; sockets that do not answer."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pyinfra import host
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.host.agent.existing import silent_sockets
from deploys.host.agent.system.processes import Process
from deploys.host.model.desired import Query
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


def test_a_socket_without_a_process_is_known_once_its_service_had_time_to_open_it() -> None:
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        open_, gone, left = (str(Path(folder) / name) for name in ("open", "gone", "left"))
        server.bind(open_)
        server.listen()
        with socket.socket(socket.AF_UNIX) as ended:
            ended.bind(left)
        query = Query("a", (), (), (), (), sockets=(open_, gone, left))
        long_ago, now = Process(1, 0), Process(1, time.time())
        found = [silent_sockets(query, process) for process in (long_ago, now)]

    assert found == [(gone, left), ()]
    assert silent_sockets(query, None) == ()
