"""
Cache of parsed certificates, by the digest of their file's text.

Every request reads the same few files, and parsing them takes longer than all else.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ....mail import paths
from ...model.wire import WireError, decode, encode
from .pem import Leaf

FILE = Path(paths.LOADED) / "certificates.cache"
MOST = 64  # files


@dataclass(frozen=True)
class Parsed:
    """The certificates of each text, by its SHA-256; the oldest text comes first."""

    leaves: Mapping[str, tuple[Leaf, ...]] = field(default_factory=dict)


def leaves(text: str) -> tuple[Leaf, ...]:
    """Return the certificate of each key in a text; raise Unfit, or ImportError on a new host."""
    if not text:
        return ()
    parsed = _read().leaves
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest not in parsed:
        from .chain import leaves as parse  # noqa: PLC0415 - slow to load, absent from a new host

        found = parse(text)
        parsed = dict([*parsed.items(), (digest, found)][-MOST:])
        with suppress(OSError):
            _write(Parsed(parsed))
    return parsed[digest]


def _read() -> Parsed:
    try:
        return decode(Parsed, json.loads(FILE.read_text()))
    except (OSError, ValueError, WireError):
        return Parsed()


def _write(parsed: Parsed) -> None:
    # Two requests may write at the same time.
    FILE.parent.mkdir(mode=0o755, exist_ok=True)
    written = FILE.with_suffix(f".{os.getpid()}")
    written.write_text(encode(parsed))
    written.replace(FILE)
