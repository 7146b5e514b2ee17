"""What both ends agree on: how a request travels, and the digest that names a set of files."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def payload(request: Mapping[str, Any]) -> str:
    """Return a request as two lines: its digest, so that a cut one is seen, and its JSON."""
    text = json.dumps(request)
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n"


def set_digest(contents: Mapping[str, str]) -> str:
    """Return one digest of a service's own files by name: what it has loaded, or shall load."""
    return hashlib.sha256(json.dumps(sorted(contents.items())).encode()).hexdigest()
