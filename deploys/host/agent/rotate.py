"""Keys that sign or cease to, on a host where nothing else changes."""

from typing import Any

from .existing import existing
from .keys import turn


def rotate(request: dict[str, Any]) -> dict[str, Any]:
    """Delete and note what the request says; return what then exists."""
    turn(request)
    return existing(request)
