"""
The toolkit itself: its version, its package, and what an operator writes to run a deploy.

The same tree is the package `deploys` of a clone, and the installed package `pyinfra_mail`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

VERSION = "0.1.0"
OLDEST_PYTHON = (3, 11)
NAMES = {"deploys", "pyinfra_mail"}
PACKAGE = __name__.partition(".")[0]
FOLDER = Path(__file__).resolve().parents[1]
IN_CLONE = PACKAGE == "deploys"
TEMPLATES = (FOLDER.parent if IN_CLONE else FOLDER) / "templates"


def deploy_argument(deploy: str) -> str:
    """Return the argument of pyinfra that runs a deploy."""
    return f"deploys/{deploy}.py" if IN_CLONE else f"{PACKAGE}.{deploy}"


SITE = deploy_argument("site")


def mistake() -> str:
    """Return the reason why this Python cannot run this toolkit; nothing without one."""
    if sys.version_info < OLDEST_PYTHON:
        needed, found = (".".join(map(str, one[:2])) for one in (OLDEST_PYTHON, sys.version_info))
        return f"pyinfra-mail needs Python {needed} or newer, and {sys.executable} is {found}"
    others = ", ".join(sorted(set(map(str, _others()))))
    both = (
        f"pyinfra-mail is there twice, {FOLDER} and {others}; import from one, and remove the other"
    )
    return both if others else ""


def _others() -> Iterator[Path]:
    """Yield the folder of each other toolkit that a run may mix with this one."""
    # With the other name: only if it is imported, as a clone may be the current folder.
    imported = (getattr(sys.modules.get(name), "__file__", None) for name in NAMES - {PACKAGE})
    found = (Path(file).parent for file in imported if file)
    for folder in (*found, *(Path(entry, PACKAGE) for entry in sys.path)):
        here = folder.resolve()
        if here != FOLDER and (here / "mail" / "toolkit.py").is_file():
            yield here
