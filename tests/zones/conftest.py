"""What every test of the zones needs."""

import logging

import pytest


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Odd records are the point here, so octoDNS's warnings about them say nothing."""
    for name in ("Record", "Zone", "Plan", "MemoryProvider[test]"):
        logging.getLogger(name).setLevel(logging.ERROR)
