"""Mistakes in the settings of the checks: ids that do not exist, and files that cannot be read."""

from collections.abc import Iterator
from pathlib import Path

from ..mail.errors import MailError
from ..mail.settings.verification import Verification
from .list.file import list_file
from .run.selection import selected


def verification_mistakes(settings: Verification) -> Iterator[str]:
    """Yield the mistakes that this machine can know before a run."""
    try:
        selected(settings)
    except MailError as error:
        yield from str(error).split("\n    ")
    if settings.list:
        try:
            list_file(settings.list)
        except MailError as error:
            yield str(error)
    for path in settings.bulk:
        try:
            Path(path).open("rb").close()
        except OSError as error:
            yield (
                f"verify_bulk: {path} cannot be read ({error.strerror}); name files on this "
                "machine, with messages as they arrived"
            )
