"""The inventories of the first steps are checked by the command that the page gives."""

from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks
from tests.fakes import Run

FIRST = [
    one
    for one in blocks()
    if one.page in ("README.md", "docs/first-host.md") and one.text.startswith("mail = [")
]


@pytest.mark.parametrize("block", FIRST, ids=str)
def test_a_first_inventory_has_no_mistake(block: Block, run: Run, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text(block.text)

    done = run(inventory, "deploys/check.py")

    assert done.returncode == 0, done.stdout
    assert "No mistakes" in done.stdout


def test_both_pages_have_an_inventory() -> None:
    assert {one.page for one in FIRST} == {"README.md", "docs/first-host.md"}
