"""The commands and the deploy of docs/pyinfra.md are run by the pyinfra that is installed."""

import shlex
from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks, commands
from tests.fakes import RunIn

PAGE = "docs/pyinfra.md"
LOCAL = [one for one in commands() if one.page == PAGE and one.text.startswith("pyinfra @local ")]


@pytest.mark.parametrize("command", LOCAL, ids=str)
def test_a_command_on_this_machine_succeeds(command: Block, run_in: RunIn, tmp_path: Path) -> None:
    done = run_in(tmp_path, (), tuple(shlex.split(command.text)[1:]))

    assert done.returncode == 0, done.stdout


def test_the_deploy_is_planned(run_in: RunIn, tmp_path: Path) -> None:
    (deploy,) = (one.text for one in blocks() if one.page == PAGE and "import files" in one.text)
    (tmp_path / "inventory.py").write_text('web = ["@local"]\n')
    (tmp_path / "deploy.py").write_text(deploy)

    done = run_in(tmp_path, (), ("inventory.py", "deploy.py", "--dry"))

    assert done.returncode == 0, done.stdout
    assert "The site has a folder" in done.stdout
