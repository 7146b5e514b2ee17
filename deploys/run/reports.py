"""Files that a run writes for the operator: `reports/<inventory>/` in the working directory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ..mail.errors import MailError


def folder(name: str) -> Path:
    """Return the folder of an inventory's files."""
    return Path("reports", name)


def write(path: Path, text: str, what: str) -> None:
    """Write a file in one step; raise MailError, which names `what`, if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = _staged(path)
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except OSError as error:
        raise _unwritable(path, what, error) from error


@contextmanager
def private(path: Path, what: str) -> Iterator[TextIO]:
    """Open a file that its owner alone can read; it is there once it is complete.

    Raise MailError, which names `what`, if it cannot be written.
    """
    staged = _staged(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.unlink(missing_ok=True)  # of a run that was killed, with any mode
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123
            yield stream
        staged.replace(path)
    except OSError as error:
        raise _unwritable(path, what, error) from error
    finally:
        staged.unlink(missing_ok=True)


def _staged(path: Path) -> Path:
    # A reader finds the old file or the new one, complete; a collector ignores other suffixes.
    return path.with_name(f".{path.name}.new")


def _unwritable(path: Path, what: str, error: OSError) -> MailError:
    return MailError(
        f"{what} cannot be written to {path.parent}: {error.strerror}; make the folder "
        "writable, or start the run in a directory of your own"
    )
