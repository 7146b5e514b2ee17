"""One build and one environment for all tests of the package."""

from pathlib import Path

import pytest

from tests.package.environment import built, linked


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Return the wheel and the source distribution."""
    return built(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def wheel(distributions: tuple[Path, ...]) -> Path:
    """Return the wheel."""
    (wheel,) = (one for one in distributions if one.suffix == ".whl")
    return wheel


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel."""
    return linked(tmp_path_factory.mktemp("environment"), wheel)
