"""The labs of the tests: raised once, found as they are when they are up already."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest

from tests.lab.labs import NAME, Raised


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the lab, so that none is run without it by mistake."""
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab() -> Raised:
    """Raise the lab; where it cannot be, every test that asks for it fails with the reason."""
    raised = Raised(NAME)
    with _one_at_a_time():
        done = raised.up()
    if done.returncode:
        pytest.fail(f"the lab cannot be raised here:\n{done.stderr}", pytrace=False)
    raised.withdraw_keys("mx1", "mx2")  # an earlier run may have left some
    return raised


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one lab be raised after the other: both need the same base images."""
    with (Path(gettempdir()) / "pyinfra-mail-labs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
