"""An operator's own repository: an inventory, files of two lines, and a copy of the toolkit."""

import shutil
from pathlib import Path

from tests.fakes import ROOT, written
from tests.host.found import SETTINGS

OF_THE_CLONE = shutil.ignore_patterns("lab")
CONFIG = "from pyinfra_mail import check_first\n\ncheck_first()\n"
DEPLOY = "from pyinfra_mail import site\n\nsite()\n"
PLANNED = ("+myhostname = mx1.harbor.example", "Publish: the zones hold the records")


def made(folder: Path, *, config: bool = True) -> Path:
    """Return a folder with an inventory of one fake host, and what a run of it takes."""
    written(folder, mx1=SETTINGS)
    (folder / "deploy.py").write_text(DEPLOY)
    if config:
        (folder / "config.py").write_text(CONFIG)
    return folder


def copied(folder: Path) -> Path:
    """Copy the toolkit, with what is compiled of it, into a folder for the path of Python."""
    shutil.copytree(ROOT / "deploys", folder / "pyinfra_mail", ignore=OF_THE_CLONE)
    shutil.copytree(ROOT / "templates", folder / "pyinfra_mail" / "templates")
    return folder
