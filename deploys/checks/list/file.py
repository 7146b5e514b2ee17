"""
File of a list, read line by line: one address a line, or CSV, in UTF-8 or Latin-1.

It is examined once before the run asks anything, so that a wrong file gets one sentence. It is then
read twice, because a million lines are too many to keep.
"""

import codecs
import csv
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import IO, NamedTuple

from ...mail.errors import MailError
from .columns import Layout, delimiter_of, layout

MOST_LINES = 1_000_000
CHUNK = 1 << 20  # octets that are examined at once, and the longest line
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_DIGEST = re.compile(r"[0-9a-f]{64}")  # of an address, which cannot be known from it
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_8, _LATIN_1 = "utf-8-sig", "latin-1"  # the first without a byte order mark too
KEY = "verify_list"


class ListLine(NamedTuple):
    """A line of a list that is not empty: its number in the file, and the address as written."""

    number: int
    text: str


@dataclass(frozen=True)
class ListFile:
    """A file that can be read: its encoding, its columns, and a bound on its lines."""

    path: Path
    encoding: str
    columns: Layout
    most: int
    stamp: tuple[int, int]

    def lines(self) -> Iterator[ListLine]:
        """Yield the lines with addresses; raise MailError if the file is another than before."""
        try:
            with self.path.open(encoding=self.encoding, newline="") as stream:
                if _stamp(stream) != self.stamp:
                    raise MailError(f"{KEY}: {self.path} changed during the run; run again")
                yield from islice(_lines(stream, self.columns, self.path), self.most)
        except OSError as error:
            raise _unreadable(self.path, error) from error


@cache
def list_file(name: str) -> ListFile:
    """Return the file of a list; raise MailError with the fault of one that cannot be used."""
    path = Path(name).expanduser()
    if path.exists() and not path.is_file():
        kind = "a directory" if path.is_dir() else "no regular file"
        raise MailError(f"{KEY}: {path} is {kind}; name a file with a list of addresses")
    try:
        with path.open("rb") as octets:
            encoding, most = _examined(octets, path)
            stamp = _stamp(octets)
        with path.open(encoding=encoding, newline="") as stream:
            columns = _columns(stream, path)
    except OSError as error:
        raise _unreadable(path, error) from error
    found = ListFile(path, encoding, columns, most, stamp)
    first = ""
    for line in found.lines():  # all are read, for faults of a CSV
        first = first or line.text
    if not first:
        raise MailError(f"{KEY}: {path} has no addresses; write one a line, or CSV")
    if _DIGEST.fullmatch(first):
        raise MailError(
            f"{KEY}: {path} has digests, as an export of a stream with digests in mail_bulk; name "
            "a list with addresses"
        )
    return found


def _unreadable(path: Path, error: OSError) -> MailError:
    return MailError(
        f"{KEY}: {path} cannot be read ({error.strerror}); name a file on this machine, with a "
        "list of addresses"
    )


def _stamp(stream: IO[str] | IO[bytes]) -> tuple[int, int]:
    found = os.fstat(stream.fileno())
    return found.st_mtime_ns, found.st_size


def _examined(octets: IO[bytes], path: Path) -> tuple[str, int]:
    """Return the encoding of a file and the number of its lines; raise MailError if it is no text.

    The lines of old Macs end with CR alone.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf_8, lines, length, last = True, 0, 0, b""
    while chunk := octets.read(CHUNK):
        lines += _line_ends(chunk, path, first=not last)
        lines -= last == b"\r" and chunk.startswith(b"\n")  # one line end in two chunks
        last = chunk[-1:]
        length = _since_line_end(chunk, length)
        if lines > MOST_LINES + 1:  # one may be the header
            raise MailError(f"{KEY}: {path} has more than {MOST_LINES:,} lines; split it")
        if length > CHUNK:
            raise MailError(f"{KEY}: {path} has a line of more than {CHUNK:,} octets; split it")
        utf_8 = utf_8 and _decodes(decoder, chunk)
    utf_8 = utf_8 and _decodes(decoder, b"", final=True)
    return _UTF_8 if utf_8 else _LATIN_1, lines + (last not in b"\r\n")


def _decodes(decoder: codecs.IncrementalDecoder, octets: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(octets, final=final)
    except UnicodeDecodeError:
        return False
    return True


def _line_ends(chunk: bytes, path: Path, *, first: bool) -> int:
    """Return the number of line ends in a chunk; raise MailError if it is no text."""
    if first and chunk.startswith(_UTF_16):
        raise MailError(f"{KEY}: {path} is in UTF-16; save it as UTF-8")
    if binary := _BINARY.search(chunk):
        raise MailError(
            f"{KEY}: {path} is not text (it has the octet 0x{binary[0][0]:02X}); save the list as "
            "CSV in UTF-8"
        )
    return chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")


def _since_line_end(chunk: bytes, before: int) -> int:
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    return before + len(chunk) if last < 0 else len(chunk) - last - 1


def _columns(stream: IO[str], path: Path) -> Layout:
    first = next((line for line in stream if line.strip()), "")
    delimiter = delimiter_of(first)
    rows = _rows(chain((first,), stream), delimiter, path)
    head = [row for _, row in islice((one for one in rows if any(one[1])), 2)]
    try:
        return layout(delimiter, head)
    except ValueError as fault:
        raise MailError(f"{KEY}: {path} {fault}") from fault


def _lines(stream: IO[str], columns: Layout, path: Path) -> Iterator[ListLine]:
    rows = (one for one in _rows(stream, columns.delimiter, path) if any(one[1]))
    for number, row in islice(rows, int(columns.header), None):
        yield ListLine(number, row[columns.address] if len(row) > columns.address else "")


def _rows(lines: Iterable[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line, and without spaces around its cells."""
    if not delimiter:
        yield from ((number, [_alone(line)]) for number, line in enumerate(lines, 1))
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    number = 1
    try:
        for row in reader:
            yield number, [cell.strip() for cell in row]
            number = reader.line_num + 1
    except csv.Error as fault:
        raise MailError(
            f"{KEY}: {path}, line {number}: it is not CSV ({fault}); correct its quotation marks"
        ) from fault


def _alone(line: str) -> str:
    """Return an address that is alone in its line, without the quotation marks of an export."""
    text = line.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"').strip()
    return text
