"""
Attachments of reports: one document, alone or packed once with gzip or zip.

Sizes are bounded while the octets are read, because an archive can say any size. An archive inside
an archive is refused.
"""

import gzip
import lzma
import struct
import zipfile
import zlib
from io import BytesIO
from typing import IO

LARGEST = 10 * 2**20  # octets of an attachment
LARGEST_UNPACKED = 16 * 2**20
MOST_MEMBERS = 10
GZIP, ZIP = b"\x1f\x8b", b"PK"
DOCUMENTS = (".xml", ".json")
# By what gzip and zipfile end at a damaged archive.
_DAMAGE = (
    *(OSError, EOFError, ValueError, NotImplementedError),
    *(zlib.error, lzma.LZMAError, struct.error, zipfile.BadZipFile),
)


class Unreadable(Exception):
    """A message or a document that is no report; the text gives the reason."""


def unpacked(content: bytes) -> bytes:
    """Return the document in an attachment; raise Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(f"an attachment has more than {LARGEST} octets")
    try:
        found = _document(content)
    except _DAMAGE as problem:
        raise Unreadable(f"an archive is damaged: {problem}") from problem
    except RuntimeError as problem:  # of zipfile, which needs a password
        raise Unreadable(f"an archive cannot be read: {problem}") from problem
    if found.startswith((GZIP, ZIP)):
        raise Unreadable("an archive is inside of another one")
    return found


def _document(content: bytes) -> bytes:
    if content.startswith(GZIP):
        with gzip.GzipFile(fileobj=BytesIO(content)) as stream:
            return _bounded(stream)
    if content.startswith(ZIP):
        return _member(content)
    return content


def _member(content: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise Unreadable(f"a zip archive has more than {MOST_MEMBERS} members")
        found = [one for one in members if _is_document(one.filename)] or members[:1]
        if len(found) != 1:
            raise Unreadable(f"a zip archive has {len(found)} documents, not one")
        with archive.open(found[0]) as stream:
            return _bounded(stream)


def _is_document(name: str) -> bool:
    return name.lower().endswith(DOCUMENTS) and not name.startswith("__MACOSX/")


def _bounded(stream: "IO[bytes] | gzip.GzipFile") -> bytes:
    content = stream.read(LARGEST_UNPACKED + 1)
    if len(content) > LARGEST_UNPACKED:
        raise Unreadable(f"a report has more than {LARGEST_UNPACKED} octets when it is unpacked")
    return content
