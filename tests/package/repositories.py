"""An operator's own repository: an inventory, and files of two lines."""

from pathlib import Path

from tests.fakes import written
from tests.host.found import SETTINGS

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
