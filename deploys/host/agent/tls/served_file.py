"""The file from which a name is served: replaced in one step by valid source files."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from .pem import Leaf, Unfit, joined, write

Require = Callable[[str, str, str], None]


def take(path: str, sources: Iterable[str], name: str, require: Require) -> bool:
    """
    Replace a file by the content of others, if that is valid and new; return True after a change.

    `require` is called last, with the name, the old and the new content; it raises to refuse.
    """
    files = list(sources)
    now = Path(path)
    served = now.read_text() if now.exists() else ""
    if served and served == joined(files):
        return False
    new = f"{path}.new"
    try:
        _try(new, files, name)
        require(name, served, Path(new).read_text())
        Path(new).replace(path)
    finally:
        Path(new).unlink(missing_ok=True)
    return True


def require_valid(sources: Iterable[str], name: str) -> None:
    """Raise Unfit for source files that cannot be served."""
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
    """Raise Unfit for a certificate that is not valid yet, has expired or is for other names."""
    for leaf in leaves:
        if leaf.until < time.time():
            day = time.strftime("%Y-%m-%d", time.gmtime(leaf.until))
            raise Unfit(f"the certificate in {files} expired on {day}; put a new one there")
        if leaf.since > time.time():
            begin = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(leaf.since))
            now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
            raise Unfit(
                f"the certificate in {files} is valid from {begin} on, and this host has {now}; "
                "correct the clock, or put a certificate there that is valid now"
            )
        if not leaf.covers(name):
            names = ", ".join(leaf.names) or "no name"
            raise Unfit(f"the certificate in {files} is for {names} and not for {name}; replace it")


def listed(files: Iterable[str]) -> str:
    """Return files as a part of a sentence."""
    return " and ".join(files)
