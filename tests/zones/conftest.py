"""Fixtures of all tests of the zones."""

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from octodns.record.txt import TxtValue

from deploys.zones.propagation import poll, propagation, ttl
from tests.clock import Clock


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Hide octoDNS's warnings about invalid records, which are the subject of these tests."""
    for name in ("Record", "Zone", "Plan", "MemoryProvider[test]"):
        logging.getLogger(name).setLevel(logging.ERROR)


@pytest.fixture(autouse=True, scope="session")
def _texts() -> Iterator[None]:
    """Parse each text once: octoDNS does it by character, and the same keys are in every zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TxtValue, "from_rdata_text", staticmethod(cache(TxtValue.from_rdata_text)))
        yield


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep backups out of the home of the user that runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of everything that waits for name servers and caches."""
    clock = Clock()
    for module in (propagation, poll, ttl):
        monkeypatch.setattr(module, "time", clock)
    return clock
