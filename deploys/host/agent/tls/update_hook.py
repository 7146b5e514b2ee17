"""
Hook of certbot for DNS-01 in a zone that the host changes itself.

certbot keeps the command in its settings of a renewal. The program stands on the host after the
configuration; the first certificate is issued before that, with a copy for the time.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ....mail import paths
from ...model.desired import File
from . import pem

STAGED = Path(paths.LOADED) / "certificates"
PLACE = "PYINFRA_MAIL_CERTIFICATES"
ENVIRONMENT = {PLACE: str(STAGED)}
PUBLISH, REMOVE = "/challenge publish", "/challenge remove"
COMMAND = f"sh -c 'exec python3 -B ${{{PLACE}:-{paths.CERTIFICATES_PROGRAM}}}"
OPTIONS = (
    *("--manual", "--preferred-challenges", "dns"),
    *("--manual-auth-hook", f"{COMMAND}{PUBLISH}'"),
    *("--manual-cleanup-hook", f"{COMMAND}{REMOVE}'"),
)
REFUSAL = re.compile(r"^\s*refused: (.+)$", re.MULTILINE)  # as the program prints it


@contextmanager
def staged(files: Iterable[File]) -> Iterator[None]:
    """Have the files of the hook at hand, for root only."""
    try:
        for file in files:
            pem.write(f"{STAGED}{file.path.removeprefix(paths.CERTIFICATES_PROGRAM)}", file.content)
        yield
    finally:
        shutil.rmtree(STAGED, ignore_errors=True)
