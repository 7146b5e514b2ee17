"""
Table of docs/records.md, from the code: `python -m deploys.mail.records_docs`.

A test compares the file with the result; the text around the table is written by hand.
"""

from .documents import DOCS, replaced, table
from .records import RECORD_TYPES

HEAD = ("record", "standard", "reason", "if it exists already", "setting")


def page(text: str) -> str:
    """Return the page with the table of the code."""
    rows = (
        (row.title, row.standard, row.reason, row.merge, ", ".join(f"`{key}`" for key in row.keys))
        for row in RECORD_TYPES
    )
    return replaced(text, table(HEAD, rows))


if __name__ == "__main__":
    path = DOCS / "records.md"
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
