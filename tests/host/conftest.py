"""Fixtures of all tests of hosts."""

from pathlib import Path

import pytest

from deploys.host.agent.tls import cache


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep parsed certificates of a test apart from those of the machine."""
    monkeypatch.setattr(cache, "FILE", tmp_path / "run" / "certificates.cache")
