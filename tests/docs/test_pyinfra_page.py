"""The commands and the deploy of docs/pyinfra.md are run by the pyinfra that is installed."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks, commands

PAGE = "docs/pyinfra.md"
LOCAL = [one for one in commands() if one.page == PAGE and one.text.startswith("pyinfra @local ")]


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (str(Path(sys.executable).with_name("pyinfra")), *arguments)
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", LOCAL, ids=str)
def test_a_command_on_this_machine_succeeds(command: Block, tmp_path: Path) -> None:
    done = run(tmp_path, *shlex.split(command.text)[1:])

    assert done.returncode == 0, done.stderr


def test_the_deploy_is_planned(tmp_path: Path) -> None:
    (deploy,) = (one.text for one in blocks() if one.page == PAGE and "import files" in one.text)
    (tmp_path / "inventory.py").write_text('web = ["@local"]\n')
    (tmp_path / "deploy.py").write_text(deploy)

    done = run(tmp_path, "inventory.py", "deploy.py", "--dry")

    assert done.returncode == 0, done.stderr
    assert "The site has a folder" in done.stderr
