"""Tables of the documents, in Markdown."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path("docs")  # of the clone, where the documents are made


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell has no line break."""
    lines = (f"| {' | '.join(cells)} |".replace("  ", " ") for cells in rows)
    return "\n".join((f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, ""))


def replaced(page: str, new: str) -> str:
    """Return a page with a table in the place of the one that has the same head."""
    head = new.partition("\n")[0]
    existing = re.search(rf"^{re.escape(head)}\n(\|.*\n)+", page, re.MULTILINE)
    if existing is None:
        raise ValueError(f"no table of the page has the head {head}")
    return page[: existing.start()] + new + page[existing.end() :]
