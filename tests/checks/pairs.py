"""For one check, a world in which it passes and one in which it fails."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploys.checks.core.finding import Finding

Case = Callable[[Path], Iterable[Finding]]


@dataclass(frozen=True)
class Pair:
    """Where a question passes, and where it fails."""

    passes: Case
    fails: Case
