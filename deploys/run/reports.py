"""Files that a run writes for the operator: `reports/<inventory>/` in the working directory."""

from pathlib import Path

from ..mail.errors import MailError


def folder(name: str) -> Path:
    """Return the folder of an inventory's files."""
    return Path("reports", name)


def write(path: Path, text: str, what: str) -> None:
    """Write a file in one step; raise MailError, which names `what`, if it cannot be written."""
    # A reader finds the old file or the new one, complete; a collector ignores other suffixes.
    staged = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except OSError as error:
        raise MailError(
            f"{what} cannot be written to {path.parent}: {error.strerror}; make the folder "
            "writable, or start the run in a directory of your own"
        ) from error
