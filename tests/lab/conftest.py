"""The lab of the tests: raised once, found as it is when it is up already."""

import pytest

from tests.lab.raising import Raised


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the lab, so that none is run without it by mistake."""
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab() -> Raised:
    """Raise the lab; where it cannot be, every test that asks for it fails with the reason."""
    raised = Raised("tests")
    done = raised.up()
    if done.returncode:
        pytest.fail(f"the lab cannot be raised here:\n{done.stderr}", pytrace=False)
    return raised
