"""Fixtures of all tests of the zones."""

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from octodns.record.txt import TxtValue

from deploys.dns.lookups import no_lookup
from deploys.zones import publication
from deploys.zones.propagation import poll, propagation, ttl
from tests.clock import Clock
from tests.zones.fleets import harbor, orchard, served
from tests.zones.memory import RecordSets


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
def zones() -> dict[str, RecordSets]:
    """The zones of two domains, on the provider in memory."""
    return served(harbor=harbor(), orchard=orchard())


@pytest.fixture
def nobody_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name servers: nothing is compared with their answers, and nothing waits for them."""
    monkeypatch.setattr(propagation, "servers", lambda *_: ())
    monkeypatch.setattr(publication, "lookup_by", lambda _: no_lookup)
    monkeypatch.setattr(publication, "servers", lambda *_: ())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of everything that waits for name servers and caches."""
    clock = Clock()
    for module in (propagation, poll, ttl):
        monkeypatch.setattr(module, "time", clock)
    return clock
