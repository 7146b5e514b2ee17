"""
Table of docs/providers.md, from the code: `python -m deploys.zones.providers.docs`.

A test compares the file with the result; the text around the table is written by hand. The types
that a provider does not support are asked of its class, so every provider's package is needed.
"""

from collections.abc import Iterator

from ...mail.documents import DOCS, replaced, table
from .catalogue import PROVIDERS, Entry
from .loader import class_of
from .manual import ManualProvider

HEAD = ("short name", "package", "keys", "does not support", "notes")
MAIL_TYPES = ManualProvider.SUPPORTS - {"NS"}


def page(text: str) -> str:
    """Return the page with the table of the code."""
    return replaced(text, table(HEAD, _rows()))


def _rows() -> Iterator[tuple[str, ...]]:
    for name, entry in PROVIDERS.items():
        if entry.usage:
            yield f"`{name}`", _package(entry), entry.usage, _unsupported(entry), _notes(entry)


def _package(entry: Entry) -> str:
    return entry.path.partition(".")[0].replace("_", "-")


def _notes(entry: Entry) -> str:
    minimum = f"no TTL below {entry.minimum_ttl} s" if entry.minimum_ttl else ""
    return "; ".join(filter(None, (minimum, entry.note)))


def _unsupported(entry: Entry) -> str:
    return ", ".join(sorted(MAIL_TYPES - class_of(entry.path).SUPPORTS))


if __name__ == "__main__":
    path = DOCS / "providers.md"
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
