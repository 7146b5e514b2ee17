"""
Learner of a mail host: what users move into Junk and out of it teaches rspamd's Bayes classifier.

Dovecot leaves the messages in a directory, and a unit of systemd watches it. The program runs as
rspamd's user, which alone may use the socket of its controller.
"""

from collections.abc import Iterator
from pathlib import PurePath

from ...mail import paths, units
from ...mail.settings.model import MailSettings
from ..model.desired import File
from ..model.program import HostProgram
from ..model.templates import render

PROGRAM = HostProgram(
    "learner",
    ("host/programs/learner.py",),
    module="host.programs.learner",
    imports=("host.programs.learner",),
)
WATCH = f"{paths.UNITS}/{units.LEARNER}"
LEARNER = str(PurePath(WATCH).with_suffix(".service"))


def directories(settings: MailSettings) -> tuple[str, ...]:
    """Return the directory of the program, if the host learns."""
    return (PROGRAM.home,) if settings.learns else ()


def file_paths(settings: MailSettings) -> tuple[str, ...]:
    """Return the paths of the program and its units, if the host learns."""
    return (*PROGRAM.paths, WATCH, LEARNER) if settings.learns else ()


def files(settings: MailSettings) -> Iterator[File]:
    """Yield the program and its units, if the host learns."""
    if not settings.learns:
        return
    yield from PROGRAM.files
    words = PROGRAM.words(paths.LEARNED, paths.CONTROLLER_SOCKET)
    values = {"unit": units.RSPAMD, "learned": paths.LEARNED, "restricted": settings.sandbox}
    yield from (File(one, render(one, **words, **values)) for one in (WATCH, LEARNER))
