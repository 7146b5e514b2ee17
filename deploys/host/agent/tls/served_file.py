"""The file from which a name is served: made of other files in one step, if these are fit."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from .pem import Leaf, Unfit, joined, write

Allow = Callable[[str, str, str], None]


def take(path: str, sources: Iterable[str], name: str, allow: Allow) -> bool:
    """
    Make one file of several, if it is fit and new; return whether anything has changed.

    `allow` is asked last: of a name, what is served for it and what shall be. It raises to refuse.
    """
    files = list(sources)
    now = Path(path)
    served = now.read_text() if now.exists() else ""
    if served and served == joined(files):
        return False
    new = f"{path}.new"
    try:
        _try(new, files, name)
        allow(name, served, Path(new).read_text())
        Path(new).replace(path)
    finally:
        Path(new).unlink(missing_ok=True)
    return True


def tried(sources: Iterable[str], name: str) -> None:
    """Refuse files that could not be taken, and leave nothing behind."""
    with TemporaryDirectory(dir="/run") as directory:
        _try(f"{directory}/new", list(sources), name)


def _try(path: str, sources: list[str], name: str) -> None:
    text = joined(sources)
    write(path, text)
    from . import chain  # noqa: PLC0415 - slow to load, and a new host lacks what it imports

    files = listed(sources)
    chain.require_pairs(text, files)
    require_useful(chain.leaves(text), name, files)


def require_useful(leaves: Iterable[Leaf], name: str, files: str) -> None:
    """Refuse certificates that are of no use for a name today."""
    for leaf in leaves:
        if leaf.until < time.time():
            day = time.strftime("%Y-%m-%d", time.gmtime(leaf.until))
            raise Unfit(f"the certificate in {files} ended on {day}; put its successor there")
        if not leaf.covers(name):
            names = ", ".join(leaf.names) or "no host at all"
            raise Unfit(f"the certificate in {files} is for {names}; put one for {name} there")


def listed(files: Iterable[str]) -> str:
    """Return files as words of a sentence."""
    return " and ".join(files)
