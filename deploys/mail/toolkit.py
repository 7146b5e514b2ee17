"""
The toolkit itself: its version, its package, and what an operator writes to run a deploy.

The same tree is the package `deploys` of a clone, and the installed package `pyinfra_mail`.
"""

from pathlib import Path

VERSION = "0.1.0"
PACKAGE = __name__.partition(".")[0]
FOLDER = Path(__file__).parents[1]
IN_CLONE = PACKAGE == "deploys"
TEMPLATES = (FOLDER.parent if IN_CLONE else FOLDER) / "templates"


def deploy_argument(deploy: str) -> str:
    """Return the argument of pyinfra that runs a deploy."""
    return f"deploys/{deploy}.py" if IN_CLONE else f"{PACKAGE}.{deploy}"


SITE = deploy_argument("site")
