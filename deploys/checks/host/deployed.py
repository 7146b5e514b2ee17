"""
Files of a host compared with the notes of its last deploy; this module runs on the host.

A deploy leaves the paths of each service's own files, and the digest of the set that it loaded.
Only the standard library is imported.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Digest = Callable[[Mapping[str, str]], str]


def compared(state: Path, loaded: Path, set_digest: Digest) -> Iterator[str]:
    """Yield a line for each service: `<service> <same, changed, missing...> <files>`."""
    for file in sorted(state.glob("*.json")):
        note = json.loads(file.read_text())
        paths = [path for path in note["owned"] if path.startswith("/")]
        texts = {path: Path(path).read_text() for path in paths if Path(path).exists()}
        yield from _tables(file.stem, note["tables"])
        yield from (f"{file.stem} missing {path}" for path in sorted(set(paths) - set(texts)))
        yield _set(file.stem, loaded / file.name, texts, set_digest)


def _tables(service: str, tables: Mapping[str, Any]) -> Iterator[str]:
    for table, (source, built) in tables.items():
        if (_digest(table), _digest(f"{table}.lmdb")) != (source, built):
            yield f"{service} table {table}"


def _set(service: str, stamp: Path, texts: Mapping[str, str], set_digest: Digest) -> str:
    if not stamp.exists():
        return f"{service} unnoted"
    if set_digest(texts) == json.loads(stamp.read_text())["digest"]:
        return f"{service} same"
    since = stamp.stat().st_mtime
    newer = [path for path in texts if Path(path).stat().st_ctime > since]
    return " ".join((service, "changed", *newer))


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""
