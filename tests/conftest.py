"""Golden files for the whole test suite: compared, or written again by `pytest --regolden`."""

from collections.abc import Callable

import pytest

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag that writes golden files."""
    parser.addoption(
        "--regolden", action="store_true", help="write golden files instead of comparing"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """
    Return the comparison of a text with a golden file.

    Its arguments are the file's path, relative to the folder `golden` beside the test module, and
    the text. With `--regolden` the text is written to the file, to be read in the diff.
    """

    def compare(name: str, text: str) -> None:
        file = request.path.parent / "golden" / name
        if request.config.getoption("regolden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert text == file.read_text(), f"{name}: pytest --regolden writes it again"

    return compare
