"""The inventories of the first steps are checked by the command that the page gives."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks

FIRST = [
    one
    for one in blocks()
    if one.page in ("README.md", "docs/first-host.md") and one.text.startswith("mail = [")
]


@pytest.mark.parametrize("block", FIRST, ids=str)
def test_a_first_inventory_has_no_mistake(block: Block, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text(block.text)
    pyinfra = Path(sys.executable).with_name("pyinfra")

    done = subprocess.run(
        (pyinfra, inventory, "deploys/check.py"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "No mistakes" in done.stderr


def test_both_pages_have_an_inventory() -> None:
    assert {one.page for one in FIRST} == {"README.md", "docs/first-host.md"}
