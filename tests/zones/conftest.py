"""What every test of the zones needs."""

import logging
from pathlib import Path

import pytest

from deploys.zones.propagation import follow, poll, ttl
from tests.clock import Clock


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Odd records are the point here, so octoDNS's warnings about them say nothing."""
    for name in ("Record", "Zone", "Plan", "MemoryProvider[test]"):
        logging.getLogger(name).setLevel(logging.ERROR)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved before a change stays out of the home of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of everything that waits for name servers and caches."""
    clock = Clock()
    for module in (follow, poll, ttl):
        monkeypatch.setattr(module, "time", clock)
    return clock
